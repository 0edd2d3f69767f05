"""Drawings of what the simulated shop sells for art, music, pets and children; see `shop_pictures`."""

from __future__ import annotations

from typing import Final

_DRAWING = {
    "sketch book": """
box main 18 16 88 94 3
box paper 14 12 82 90 2
bend~ grey 2 24 74 36 50 46 62 58 42 74 74
ring~ grey 2 58 26 72 40
line~ grey 2 22 78 76 78
line ink 2 22 6 22 18
line ink 2 34 6 34 18
line ink 2 46 6 46 18
line ink 2 58 6 58 18
line ink 2 70 6 70 18
""",
    "pencil set": """
poly wood 22 22 28 8 34 22
box red 22 22 34 60
poly wood 36 20 42 6 48 20
box yellow 36 20 48 60
poly wood 50 22 56 8 62 22
box leaf 50 22 62 60
poly wood 64 20 70 6 76 20
box blue 64 20 76 60
poly~ ink 26.5 11 28 8 29.5 11
poly~ ink 40.5 9 42 6 43.5 9
poly~ ink 54.5 11 56 8 57.5 11
poly~ ink 68.5 9 70 6 71.5 9
box main 14 50 84 94 3
box paper 30 62 68 78 2
line~ ink 2 36 70 62 70
""",
    "watercolours": """
poly main 12 8 88 8 92 44 8 44
poly~ paper 20 14 80 14 82 38 18 38
oval~ blue 26 18 46 34
oval~ pink 42 20 62 36
oval~ yellow 58 17 76 32
box main 6 44 94 92 4
box~ paper 12 50 88 86 2
box red 15 53 29 67 2
box orange 33 53 47 67 2
box yellow 51 53 65 67 2
box leaf 69 53 83 67 2
box blue 15 71 29 84 2
box brown 33 71 47 84 2
line wood 4 54 80 96 70
poly ink 42 82 54 76 56 84
""",
    "brush set": """
line main 5 30 94 22 42
box steel 17 30 27 44 1
blob bark 17 30 16 18 20 6 26 18 27 30
line main 5 50 96 50 40
box steel 42 26 58 40 1
poly red 42 26 40 8 60 8 58 26
line main 5 70 94 78 42
box steel 73 32 83 44 1
blob blue 73 32 73 22 79 10 83 22 83 32
box dark 26 70 74 80 4
""",
    "easel": """
line wood 5 50 4 50 18
line wood 5 44 14 22 96
line wood 5 56 14 78 96
line wood 4.5 50 66 50 90
box paper 16 18 84 66 2
poly~ blue 18 20 82 20 82 48 18 48
oval~ yellow 60 24 74 38
poly~ leaf 18 64 18 50 34 36 52 54 64 46 82 58 82 64
box main 12 66 88 74 2
""",
    "ink pens": """
line main 9 24 60 62 22
line dark 9 60 24 70 14
poly steel 19 54 30 65 10 76
line~ ink 1.6 21 65 12 74
bend~ ink 2.4 8 82 20 90 28 80 40 88 48 82
poly ink 60 64 84 64 92 93 52 93
box ink 62 52 82 60 2
box paper 60 74 84 85 2
box steel 64 60 80 66 1
""",
}
_MUSIC = {
    "ukulele": """
line bark 7 62 40 86 14
poly bark 80 12 90 4 98 12 88 22
oval~ steel 81 4 85 8
oval~ steel 93 16 97 20
blob main 20 62 30 50 44 52 48 38 62 34 70 44 62 56 52 60 50 74 38 86 20 84 12 74
oval brown 42 48 56 62
line~ paper 1.2 30 70 84 16
line~ paper 1.2 33 73 87 19
line bark 3 24 66 36 78
""",
    "tuner": """
box ink 44 66 56 84 2
poly dark 24 82 76 82 70 94 30 94
box main 8 10 92 68 8
box paper 16 18 84 52 4
bend~ ink 2 24 44 36 30 50 26 64 30 76 44
line~ red 2.6 50 48 56 26
box~ leaf 47 20 53 25
oval~ ink 20 44 27 50
line~ ink 1.6 26 46 26 36
oval ink 45 44 55 52
oval yellow 26 56 34 64
oval paper 46 56 54 64
oval paper 66 56 74 64
""",
    "song book": """
box paper 24 12 84 90 2
box main 18 8 76 90 3
box dark 18 8 27 90 2
box paper 34 22 70 72 2
oval~ ink 38 56 48 65
oval~ ink 54 52 64 61
line~ ink 2.6 47 60 47 34
line~ ink 2.6 63 56 63 30
line~ ink 4.6 47 35 63 31
""",
    "guitar strings": """
box main 22 8 92 78 3
blob paper 46 42 48 34 54 34 58 26 66 26 68 34 62 40 58 42 54 50 46 50
line paper 2 66 30 84 12
oval ink 52 36 58 42
ring steel 1 8 36 64 92
ring steel 1 13 41 59 87
ring steel 1 18 46 54 82
bend steel 1 60 78 76 82 90 93
oval yellow 88 88 97 97
""",
    "music stand": """
line ink 4 50 56 50 82
line ink 4 50 82 22 96
line ink 4 50 82 78 96
line ink 4 50 82 50 94
poly main 12 10 88 10 94 60 6 60
poly paper 24 16 76 16 78 52 22 52
line~ grey 1.4 28 24 72 24
line~ grey 1.4 28 30 72 30
line~ grey 1.4 27 40 73 40
line~ grey 1.4 27 46 73 46
oval~ ink 34 28 40 33
line~ ink 2 39 30 39 20
oval~ ink 54 44 60 49
line~ ink 2 59 46 59 36
box dark 4 58 96 65 2
""",
    "metronome": """
poly main 38 8 62 8 82 92 18 92
poly paper 42 18 58 18 66 66 34 66
line~ grey 1.4 40 30 60 30
line~ grey 1.4 39 40 61 40
line~ grey 1.4 38 50 62 50
line ink 2.6 50 68 66 14
poly red 56 30 66 33 64 42 53 38
box dark 14 84 86 94 2
oval steel 44 70 56 80
""",
}
_PETS = {
    "cat bed": """
oval main 4 44 96 92
oval light 14 46 86 80
blob orange 22 66 28 50 46 44 66 46 78 58 76 70 60 76 36 76
bend orange 6 74 66 66 76 50 76 42 72
poly orange 20 44 24 32 32 40
poly orange 38 40 46 32 48 44
oval orange 18 38 50 66
bend~ ink 1.8 24 52 27 54 30 52
bend~ ink 1.8 38 52 41 54 44 52
poly~ pink 32 56 37 56 34.5 59
""",
    "cat toy": """
bend ink 2.4 72 66 90 62 88 42 96 34
blob main 10 72 22 56 44 48 66 54 74 72 60 80 24 80
oval pink 26 42 42 58
oval~ ink 21 60 26 65
oval pink 6 67 14 75
line~ ink 1.4 18 72 8 84
line~ ink 1.4 20 74 16 86
oval yellow 54 10 78 34
bend~ orange 2 56 20 66 16 76 24
bend~ orange 2 60 32 66 24 70 12
""",
    "scratching post": """
box main 14 84 86 95 4
box wood 40 38 60 85 2
line~ bark 2 41 48 59 44
line~ bark 2 41 56 59 52
line~ bark 2 41 64 59 60
line~ bark 2 41 72 59 68
line~ bark 2 41 80 59 76
box main 16 30 84 40 4
line~ ink 1.6 76 40 76 54
oval red 70 53 82 65
poly orange 34 18 36 6 44 13
poly orange 48 13 56 6 58 18
oval orange 32 11 60 32
oval~ ink 38 18 42.5 22.5
oval~ ink 49 18 53.5 22.5
poly~ pink 44 24 48 24 46 27
""",
    "pet fountain": """
bend blue 5 50 44 50 20 34 16 28 34
bend blue 5 50 44 50 20 66 16 72 34
poly main 8 52 92 52 84 90 16 90
oval blue 8 42 92 62
oval~ paper 24 48 40 54
oval~ paper 60 48 76 54
oval~ paper 44 72 56 82
oval~ paper 40 66 45 72
oval~ paper 47.5 63 52.5 69
oval~ paper 55 66 60 72
""",
    "carrier": """
bend ink 5 34 28 36 12 64 12 66 28
box main 8 26 92 88 10
box ink 20 38 64 82 6
poly orange 28 54 30 44 38 52
poly orange 46 52 54 44 56 54
oval orange 27 48 57 78
oval~ ink 34 58 38 64
oval~ ink 46 58 50 64
poly~ pink 40 66 44 66 42 69
line~ steel 2.2 29 40 29 80
line~ steel 2.2 42 40 42 80
line~ steel 2.2 55 40 55 80
line~ dark 3 72 46 84 46
line~ dark 3 72 56 84 56
line~ dark 3 72 66 84 66
""",
    "grooming brush": """
line main 11 10 90 40 60
line~ steel 1.8 40 34 30 24
line~ steel 1.8 47 28 37 18
line~ steel 1.8 54 22 44 12
line~ steel 1.8 61 16 51 6
line~ steel 1.8 34 40 24 30
blob main 34 48 62 14 78 8 92 22 84 40 56 66 42 64
line~ ink 2 40 34 30 24
line~ ink 2 47 28 37 18
line~ ink 2 54 22 44 12
line~ ink 2 61 16 51 6
line~ ink 2 34 40 24 30
oval~ paper 58 36 72 48
oval~ paper 52 30 58 36
oval~ paper 60 25 66 31
oval~ paper 69 27 75 33
""",
}
_CHILDREN = {
    "wooden blocks": """
box main 8 52 48 92 3
box yellow 52 52 92 92 3
box red 30 10 70 50 3
line~ paper 4 42 42 50 18 58 42
line~ paper 4 45 35 55 35
line~ paper 4 22 62 22 82 32 82 36 77 32 72 22 72
line~ paper 4 22 62 31 62 34 67 31 72
bend~ paper 4 80 64 70 60 62 72 70 84 80 80
""",
    "picture book": """
poly main 4 26 50 34 96 26 96 84 50 92 4 84
poly paper 8 18 50 28 50 84 8 76
poly paper 92 18 50 28 50 84 92 76
oval~ yellow 16 30 30 44
poly~ leaf 10 74 10 60 26 54 46 70 48 81
poly~ red 58 48 68 38 80 44
box~ orange 60 48 78 66
box~ brown 66 54 72 66
line~ leaf 3 56 74 88 68
line~ ink 1.4 50 30 50 82
""",
    "puzzle": """
box main 10 38 62 90 2
oval main 28 26 44 42
oval main 56 56 74 72
box~ main 12 40 60 88
oval~ main 30 30 42 42
oval~ main 54 58 70 70
oval light 2 56 18 72
box yellow 62 6 94 38 2
oval yellow 54 14 66 26
oval yellow 72 32 84 46
box~ yellow 64 8 92 36
""",
    "train set": """
line grey 3 2 92 98 92
box dark 56 20 92 30 3
box main 60 28 90 78 2
box blue 66 36 84 52 2
box main 14 48 62 78 5
box ink 22 26 34 50 2
box red 42 40 52 50 3
poly red 14 66 14 82 2 82
oval paper 10 4 26 18
oval paper 24 10 38 22
oval ink 14 70 34 90
oval ink 38 70 58 90
oval ink 64 68 88 92
oval~ yellow 20 76 28 84
oval~ yellow 44 76 52 84
oval~ yellow 71 75 81 85
""",
    "board game": """
poly paper 50 34 96 60 50 88 4 60
poly~ main 50 34 61.5 40.5 50 47.5 38.5 40.5
poly~ main 73 47 84.5 53.5 73 60.5 61.5 53.5
poly~ main 27 47 38.5 53.5 27 60.5 15.5 53.5
poly~ main 50 61 61.5 67.5 50 74.5 38.5 67.5
poly~ main 50 47.5 61.5 53.5 50 61 38.5 53.5
poly~ main 27 60.5 38.5 67.5 27 74 15.5 67.5
poly~ main 73 60.5 84.5 67.5 73 74 61.5 67.5
poly main 26 64 31 42 41 42 46 64
oval main 28 30 44 46
poly red 60 52 64 34 72 34 76 52
oval red 61 23 75 37
box paper 72 66 94 88 4
oval~ ink 76 70 81 75
oval~ ink 85 79 90 84
oval~ ink 80.5 74.5 85.5 79.5
""",
    "balance bike": """
ring ink 5 6 52 42 88
ring ink 5 60 52 96 88
oval steel 20 66 28 74
oval steel 74 66 82 74
line main 6 24 70 40 46 70 50
line main 6 46 60 66 54
line main 6 78 70 68 32
line ink 5 58 26 76 28
line grey 4 38 48 36 34
box dark 22 28 50 37 4
""",
}
HOBBIES: Final = _DRAWING | _MUSIC | _PETS | _CHILDREN
"""Kind of product -> its drawing."""
