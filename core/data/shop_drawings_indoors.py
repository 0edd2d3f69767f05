"""Drawings of what the simulated shop sells for the kitchen, for reading and for the desk; see `shop_pictures`."""

from __future__ import annotations

from typing import Final

_TEA = {
    "teapot": """
bend dark 6 26 48 12 50 12 66 28 70
poly main 70 66 82 52 86 36 96 36 90 62 72 80
blob main 24 60 32 42 50 38 68 42 76 60 70 80 50 86 30 80
blob dark 34 42 40 34 50 31 60 34 66 42 50 45
oval dark 45 21 55 31
""",
    "green tea": """
bend~ ink 1.6 50 28 58 12 74 14 78 30
box main 68 30 90 52 2
blob~ leaf 73 45 76 36 85 35 83 44
poly paper 34 26 66 26 76 42 76 88 24 88 24 42
poly~ leaf 30 62 70 62 70 82 30 82
blob~ paper 38 78 42 66 60 64 58 76
line~ leaf 1.6 38 78 54 68
""",
    "tea cups": """
bend~ grey 2.2 26 12 22 20 30 26 26 34
bend~ grey 2.2 38 12 34 20 42 26 38 34
oval steel 6 76 60 88
poly main 12 42 54 42 48 78 18 78
oval orange 12 37 54 47
oval steel 44 82 98 94
poly main 50 50 92 50 86 84 56 84
oval orange 50 45 92 55
""",
    "oolong tea": """
poly main 24 18 76 18 80 90 20 90
box dark 24 10 76 20
oval paper 28 32 72 78
blob~ leaf 38 50 42 40 54 38 51 48
blob~ leaf 52 48 58 42 66 46 60 52
oval~ brown 34 54 45 63
oval~ bark 46 51 57 60
oval~ brown 57 54 67 63
oval~ bark 39 62 50 72
oval~ brown 51 61 62 71
""",
    "tea tray": """
poly main 14 52 86 52 98 78 2 78
poly dark 2 78 98 78 98 86 2 86
line~ dark 1.6 26 56 18 74
line~ dark 1.6 42 56 39 74
line~ dark 1.6 58 56 61 74
line~ dark 1.6 74 56 82 74
bend paper 3 48 40 56 44 54 56 46 56
blob paper 18 48 24 38 34 36 44 40 48 50 40 60 26 60
oval paper 28 28 38 36
oval paper 58 56 80 68
oval orange 60 54 78 62
""",
    "tea tin": """
box main 26 34 74 90 3
oval dark 26 82 74 94
box~ main 27 40 73 87
box dark 24 24 76 40 3
oval dark 24 16 76 32
oval light 40 18 60 25
oval paper 34 46 66 78
blob~ leaf 40 72 44 56 60 52 57 66 48 72
line~ ink 1.4 40 73 55 58
""",
}
_COFFEE = {
    "coffee dripper": """
poly blue 36 60 64 60 76 92 24 92
poly~ brown 31 76 69 76 75 91 25 91
ring dark 4 68 20 90 40
poly main 18 14 82 14 60 48 40 48
poly paper 26 8 74 8 70 15 30 15
box dark 30 48 70 55 2
oval~ brown 47.5 58 52.5 66
""",
    "coffee beans": """
poly main 20 22 66 22 70 88 16 88
poly dark 22 10 64 10 66 24 20 24
oval paper 28 40 58 72
oval~ brown 35 44 51 68
bend~ paper 2 43 45 46 52 40 60 43 67
oval brown 62 70 82 84
bend~ paper 1.8 64 78 70 75 74 79 80 75
oval brown 74 80 96 94
bend~ paper 1.8 76 88 83 85 87 89 94 85
oval brown 52 82 72 96
bend~ paper 1.8 54 90 60 87 64 91 70 87
""",
    "hand grinder": """
line steel 4 48 26 48 16 86 12
oval bark 80 4 94 18
blob dark 28 34 34 26 48 23 62 26 68 34 48 38
box main 28 34 68 66 4
box steel 31 64 65 92 4
box~ brown 34 76 62 90 2
""",
    "coffee scale": """
bend paper 5 62 32 80 32 80 52 60 54
poly paper 26 24 66 24 62 60 30 60
oval brown 26 19 66 29
box steel 14 60 86 67 2
box main 8 66 92 88 4
box ink 30 71 70 84 2
line~ yellow 2 37 74 37 81
line~ yellow 2 44 74 50 74 50 77.5 44 77.5 44 81 50 81
oval~ yellow 53.5 79 56.5 82
line~ yellow 2 66 74 59 74 59 77.5 65 77.5 65 81 59 81
""",
    "gooseneck kettle": """
bend steel 5 40 78 24 78 19 64 22 48 16 36 5 36
bend ink 4.5 64 36 84 28 92 42 88 70
poly main 38 40 66 40 78 88 30 88
box dark 36 34 68 41 2
oval ink 47 25 57 34
""",
    "travel mug": """
poly main 28 26 72 26 65 94 35 94
poly paper 30 44 70 44 67.5 68 32.5 68
box dark 25 16 75 28 3
box ink 42 8 62 17 3
oval~ brown 44 49 56 63
bend~ paper 1.6 50 50 52 54 48 58 50 62
""",
}
_BAKING = {
    "mixing bowl": """
line steel 4 58 40 84 8
ring steel 1.5 42 30 64 62
ring steel 1.5 48 30 58 62
poly main 8 46 92 46 84 72 70 86 30 86 16 72
box dark 4 42 96 50 4
box dark 34 85 66 91 2
""",
    "cake tin": """
blob yellow 16 52 18 38 34 30 50 28 66 30 82 38 84 52
blob~ pink 20 44 22 36 36 30 50 29 64 30 78 36 80 44 72 42 66 48 58 42 50 47 42 42 34 48 28 42
oval red 45 17 55 28
bend~ ink 1.6 50 18 53 11 58 9
poly main 12 52 88 52 84 88 16 88
box dark 8 48 92 56 3
""",
    "rolling pin": """
line dark 7 8 84 22 72
line dark 7 78 28 92 16
line main 20 28 68 72 32
line~ light 3 26 60 64 28
""",
    "piping set": """
poly main 12 10 62 6 60 58 46 62
line dark 3 10 10 4 16
poly steel 44 56 62 52 62 72 56 74
blob pink 38 90 46 82 60 80 76 83 84 90 74 95 48 95
blob pink 46 84 52 77 64 75 74 80 74 86 50 87
poly steel 72 30 92 30 88 52 84 54 82 48 80 54 76 52
""",
    "bread basket": """
blob orange 14 52 18 32 36 22 62 20 82 32 88 52
bend~ paper 3.4 30 40 36 30 42 27
bend~ paper 3.4 46 38 52 28 58 25
bend~ paper 3.4 62 40 67 32 74 30
poly main 8 50 92 50 82 88 18 88
line~ dark 2 10 62 90 62
line~ dark 2 14 75 87 75
line~ dark 2 30 52 34 87
line~ dark 2 50 52 50 87
line~ dark 2 70 52 66 87
box wood 5 46 95 54 4
""",
    "stand mixer": """
box main 16 82 92 92 5
poly main 66 44 86 44 88 84 70 84
blob main 12 30 20 17 50 14 80 16 94 30 86 46 50 46 20 42
oval dark 72 22 86 36
line steel 3.5 36 46 36 64
poly steel 16 56 60 56 54 82 22 82
box steel 13 52 63 58 3
""",
}
_BOOKS = {
    "city novel": """
box paper 24 12 84 90 2
box main 18 8 76 90 3
box dark 18 8 27 90 2
box~ ink 34 54 44 80
box~ ink 45 38 56 80
box~ ink 57 48 70 80
box~ yellow 47 42 50 46
box~ yellow 51 50 54 54
box~ yellow 47 58 50 62
box~ yellow 60 54 63 58
box~ yellow 64 64 67 68
box~ yellow 37 60 40 64
oval~ paper 58 18 70 30
""",
    "crime novel": """
box paper 24 12 84 90 2
box main 18 8 76 90 3
box dark 18 8 27 90 2
line ink 5 58 60 70 76
ring ink 4 34 30 64 62
oval~ blue 36 32 62 60
ring~ ink 1.6 42 38 56 56
ring~ ink 1.6 46 42 52 52
box~ paper 34 14 70 22 1
""",
    "space novel": """
box paper 24 12 84 90 2
box main 18 8 76 90 3
box dark 18 8 27 90 2
box ink 32 16 72 80 2
oval~ orange 42 46 64 68
ring~ yellow 2.4 34 52 71 62
oval~ orange 45 46 61 57
oval~ paper 38 24 41 27
oval~ paper 62 30 65 33
oval~ paper 52 20 54.5 22.5
oval~ paper 44 38 46.5 40.5
oval~ paper 64 72 66.5 74.5
""",
    "travel journal": """
poly blue 46 14 78 6 82 26 50 32
poly~ leaf 50 30 60 18 66 24 70 16 80 26
box paper 20 20 82 92 2
box main 14 18 76 90 4
line dark 4 66 18 66 90
oval paper 24 36 58 72
oval~ steel 28 40 54 68
poly~ red 41 40 45 54 37 54
poly~ ink 41 68 45 54 37 54
""",
    "cook book": """
box paper 24 12 84 90 2
box main 18 8 76 90 3
box dark 18 8 27 90 2
blob paper 34 42 34 30 43 26 50 20 58 26 67 30 67 42 58 47 43 47
box paper 39 44 62 58 1
line~ ink 1.4 46 48 46 55
line~ ink 1.4 54 48 54 55
line~ paper 3 36 70 66 70
line~ paper 3 42 79 60 79
""",
    "reading light": """
poly paper 8 64 48 70 48 92 8 86
poly paper 92 64 52 70 52 92 92 86
line~ grey 1.6 58 77 86 72
line~ grey 1.6 58 83 86 78
line~ grey 1.6 14 72 42 77
line~ grey 1.6 14 78 42 83
bend ink 3 28 66 24 40 36 16 56 16
poly~ yellow 54 34 84 30 88 62 58 66
poly main 50 10 72 8 86 32 52 36
box dark 20 58 36 74 3
""",
}
_DESK = {
    "desk lamp": """
poly~ yellow 54 42 90 38 98 84 52 84
line grey 4 30 84 22 50 52 18
oval ink 17 45 27 55
poly main 46 8 62 10 94 40 52 46
oval dark 46 8 60 22
box main 12 82 50 90 4
""",
    "notebook": """
box paper 26 10 84 92 4
box main 18 8 78 90 5
line ink 3.5 67 8 67 90
box paper 28 22 58 40 2
line~ grey 1.8 33 28 53 28
line~ grey 1.8 33 34 48 34
poly red 34 90 42 90 42 98 38 95 34 98
""",
    "monitor stand": """
box ink 14 8 86 56 3
box~ blue 18 12 82 52
poly~ paper 18 52 44 12 58 12 32 52
box grey 44 56 56 66
box grey 34 64 66 69 2
box main 4 69 96 77 2
box dark 8 77 18 93 1
box dark 82 77 92 93 1
box paper 28 84 72 92 2
""",
    "desk mat": """
poly main 10 30 90 30 98 82 2 82
poly paper 18 44 62 44 62 68 14 68
poly~ grey 21 47 26 47 25 51 20 51
poly~ grey 29 47 34 47 33.5 51 28.5 51
poly~ grey 37 47 42 47 42 51 37 51
poly~ grey 45 47 50 47 50 51 45 51
poly~ grey 53 47 58 47 58.5 51 53.5 51
poly~ grey 20 54 26 54 25 58 19 58
poly~ grey 29 54 34 54 33.5 58 28.5 58
poly~ grey 37 54 42 54 42 58 37 58
poly~ grey 45 54 50 54 50 58 45 58
poly~ grey 53 54 58 54 58.5 58 53.5 58
poly~ grey 26 61 51 61 51 65 25 65
oval paper 70 46 84 70
line~ ink 1.6 77 48 77 55
""",
    "cable box": """
bend ink 3.4 74 72 90 70 96 56 88 46 90 34
box ink 82 18 98 34 4
box steel 85 8 88 17
box steel 92 8 95 17
box main 4 40 78 90 5
box ink 11 52 71 80 3
box paper 15 58 67 74 3
oval grey 20 61 29 71
oval grey 36 61 45 71
oval grey 53 61 62 71
oval~ ink 22 65 24 67
oval~ ink 25.5 65 27.5 67
oval~ ink 38 65 40 67
oval~ ink 41.5 65 43.5 67
oval~ ink 55 65 57 67
oval~ ink 58.5 65 60.5 67
box dark 2 32 80 44 4
""",
    "office chair": """
box main 30 6 72 50 10
line grey 4 52 50 52 60
box dark 22 54 80 66 5
bend ink 4 18 54 16 40 26 38
bend ink 4 84 54 86 40 76 38
line grey 5 51 66 51 80
line ink 4 24 90 51 80 78 90
line ink 4 51 80 51 92
oval ink 19 88 29 97
oval ink 46 88 56 97
oval ink 73 88 83 97
""",
}
INDOORS: Final = _TEA | _COFFEE | _BAKING | _BOOKS | _DESK
"""Kind of product -> its drawing."""
