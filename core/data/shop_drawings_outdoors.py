"""Drawings of what the simulated shop sells for garden, running and camping; see `shop_pictures`."""

from __future__ import annotations

from typing import Final

_GARDEN = {
    "seed box": """
poly paper 14 12 40 6 48 44 22 50
oval orange 23 20 35 32
line~ leaf 2 30 32 33 42
bend leaf 2.4 60 56 60 42 66 34
blob leaf 66 36 68 24 80 22 78 34
blob leaf 60 44 48 42 46 32 57 34
bend leaf 2.4 82 58 82 50 84 46
blob leaf 83 47 84 38 92 36 91 46
blob leaf 82 50 74 48 73 42 80 42
poly brown 12 56 88 56 92 62 8 62
box main 6 60 94 90 3
line~ dark 2 35 62 35 89
line~ dark 2 65 62 65 89
""",
    "planter": """
bend leaf 3 50 54 50 36 50 26
blob leaf 50 50 30 50 20 36 40 36
blob leaf 50 46 70 46 82 32 60 32
oval pink 34 10 50 26
oval pink 50 10 66 26
oval pink 37 22 52 36
oval pink 49 22 63 36
oval yellow 43 16 57 30
poly main 24 60 76 60 68 94 32 94
box dark 18 50 82 62 3
""",
    "watering can": """
ring dark 5 54 14 82 52
line steel 7 34 76 10 38
poly steel 2 40 14 26 20 34 8 48
bend dark 5 78 46 96 48 92 74 78 80
box main 34 44 80 90 4
oval dark 34 38 80 50
oval~ blue 40 41 74 47
bend~ blue 2.4 4 46 2 54 2 60
bend~ blue 2.4 10 50 8 58 8 66
""",
    "pruning shears": """
bend main 8 52 46 38 66 34 80 30 94
bend main 8 50 46 60 66 66 78 70 92
blob steel 46 50 40 30 46 8 56 16 60 34 56 50
bend grey 5 44 48 34 34 34 18 40 10
oval ink 44 40 58 54
oval~ steel 48 44 54 50
bend~ ink 1.6 44 66 49 62 55 67 59 63
""",
    "compost bin": """
poly dark 18 30 70 12 74 20 22 38
blob leaf 30 42 34 30 46 32 46 44
bend orange 4 52 42 56 32 62 30
oval red 60 30 74 44
poly main 18 42 82 42 76 92 24 92
line~ dark 2 21 54 79 54
box ink 38 70 62 90 2
blob~ leaf 42 86 44 76 56 74 55 86
line~ dark 2 22 64 78 64
""",
    "raised bed": """
poly~ leaf 12 46 16 24 22 46
poly~ leaf 8 44 6 28 18 46
poly~ leaf 24 46 28 26 26 46
oval leaf 36 28 62 50
ring~ paper 1.6 43 34 55 45
bend leaf 3 78 50 78 30 76 14
oval red 66 22 78 34
oval red 79 30 91 42
oval red 70 38 80 48
poly brown 8 48 92 48 96 56 4 56
box main 4 54 96 70 2
box main 4 70 96 86 2
box dark 2 50 11 92 2
box dark 89 50 98 92 2
""",
}
_RUNNING = {
    "running shoes": """
blob main 8 44 18 40 28 46 38 42 46 34 58 46 76 54 92 60 94 72 50 76 10 74
poly~ paper 18 70 24 52 32 52 28 70
poly~ paper 34 70 40 54 48 54 44 70
line paper 2.4 44 48 54 42
line paper 2.4 52 53 61 46
line paper 2.4 60 57 69 51
box paper 6 70 96 80 4
box dark 6 78 96 84 3
""",
    "running socks": """
blob main 62 12 84 12 83 46 82 60 66 70 48 74 46 62 60 52
box paper 59 6 87 17 2
blob main 26 20 52 20 52 56 52 72 38 82 20 90 8 86 8 74 24 64 27 52
blob~ dark 52 60 51 73 41 79 39 68
box paper 23 12 55 24 2
blob~ paper 10 84 10 75 17 71 20 78 18 87
""",
    "running belt": """
ring ink 7 6 22 94 64
box main 22 42 78 78 8
line~ ink 2.4 28 52 72 52
box steel 66 49 74 55 2
box dark 80 44 94 58 3
poly~ yellow 50 56 40 68 48 68 46 76 58 64 50 64
""",
    "rain jacket": """
blob dark 32 30 34 12 50 5 66 12 68 30
blob brown 40 30 41 18 50 13 59 18 60 30
poly main 30 28 10 44 4 74 18 78 26 56 26 92 74 92 74 56 82 78 96 74 90 44 70 28 60 34 40 34
line~ paper 2.4 50 34 50 91
box dark 32 68 44 72 1
box dark 56 68 68 72 1
blob~ blue 12 8 16 18 12 22 8 18
blob~ blue 86 6 90 16 86 20 82 16
blob~ blue 90 24 93 31 90 34 87 31
""",
    "head lamp": """
poly~ yellow 52 46 98 20 98 92 52 66
ring main 9 8 22 66 72
bend main 7 16 34 26 14 46 16 60 36
box ink 36 42 58 72 5
oval paper 46 46 64 68
oval~ yellow 50 50 61 64
""",
    "recovery roller": """
oval main 58 14 94 66
poly main 24 31 70 15 86 64 40 83
poly~ main 26 36 76 18 88 62 40 80
bend~ dark 3 42 27 56 48 56 75
bend~ dark 3 56 22 70 42 70 69
bend~ dark 3 70 17 84 38 84 62
oval dark 6 30 48 86
oval ink 17 43 38 73
oval~ steel 22 49 34 67
""",
}
_CAMPING = {
    "two-person tent": """
poly main 50 16 94 84 6 84
poly dark 50 30 70 84 30 84
poly paper 50 30 58 50 40 84 30 84
line ink 2.4 50 16 46 9
line ink 2.4 50 16 54 9
line~ leaf 4 2 86 98 86
line~ ink 1.6 94 84 98 90
line~ ink 1.6 6 84 2 90
""",
    "sleeping bag": """
blob main 50 4 70 10 74 28 72 60 64 92 50 96 36 92 28 60 26 28 30 10
blob paper 50 12 64 17 66 32 50 40 34 32 36 17
blob pink 42 20 50 16 58 20 59 28 50 34 41 28
bend~ ink 1.6 44 25 46 27 48 25
bend~ ink 1.6 52 25 54 27 56 25
line~ dark 2.4 29 52 71 52
line~ dark 2.4 31 68 69 68
line~ dark 2.4 36 84 64 84
""",
    "camp stove": """
blob orange 50 6 58 18 64 30 58 40 42 40 36 30 44 22
blob~ yellow 50 20 55 30 52 38 46 38 44 30
line steel 3.4 18 42 30 54
line steel 3.4 82 42 70 54
line steel 3.4 14 42 86 42
box grey 32 46 68 54 2
line steel 6 50 54 50 62
line red 4 54 59 72 59
blob main 26 70 32 62 68 62 74 70 74 94 26 94
box paper 34 74 66 86 2
blob~ orange 50 76 54 82 50 85 46 82
""",
    "folding chair": """
line grey 4.5 22 8 26 56
line grey 4.5 78 8 74 56
poly main 22 12 78 12 76 44 24 44
line grey 4.5 26 58 80 94
line grey 4.5 74 58 20 94
poly main 18 54 82 54 76 68 24 68
line ink 4.5 10 44 28 44
line ink 4.5 72 44 90 44
line grey 4 14 46 20 58
line grey 4 86 46 80 58
""",
    "lantern": """
ring grey 4 30 4 70 44
poly main 34 26 66 26 72 38 28 38
box~ yellow 31 38 69 70
ring~ ink 2 31 36 69 72
blob orange 50 44 57 56 50 66 43 56
line ink 3 30 38 30 72
line ink 3 70 38 70 72
box main 26 70 74 90 4
oval ink 44 75 56 86
""",
    "cool box": """
bend grey 5 18 46 20 12 50 10 80 12 82 46
box main 8 44 92 90 5
box paper 5 32 95 48 4
box dark 44 42 56 56 2
line~ paper 2.4 50 62 50 84
line~ paper 2.4 40 67 60 79
line~ paper 2.4 60 67 40 79
""",
}
OUTDOORS: Final = _GARDEN | _RUNNING | _CAMPING
"""Kind of product -> its drawing."""
