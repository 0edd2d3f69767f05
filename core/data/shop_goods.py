"""What the simulated shop sells: invented kinds of goods in English and Chinese, with prices, and their styles.

Within a category the kinds stand in the order in which people tend to buy them: what they begin with comes first.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Category:
    """Goods of one sort."""

    name: str
    name_zh: str
    peak_day: int
    """Day of the year around which most is sold."""
    swing: float
    """How far demand moves with the season, in [0, 1]."""
    kinds: tuple[tuple[str, str, float], ...]
    """English and Chinese name and usual price of each kind, first purchases first."""


STYLES: tuple[tuple[str, str, float], ...] = (
    ("Everyday", "日常", 0.8),
    ("Classic", "经典", 1.1),
    ("Fresh", "清新", 0.95),
    ("Retro", "复古", 1.0),
    ("Premium", "臻选", 1.3),
)
"""English and Chinese name of a style, and what it does to the price; the names suit tea as well as socks."""
CURRENCY = "EUR"
"""Of all prices; the shop is invented, so somebody had to choose."""
BRANDS = ("Alderbrook", "Bellcombe", "Cantor & Fei", "Duskwater", "Evenfall", "Fenhollow", "Gullrock", "Hanwei")
"""Invented makers; a maker has two or three categories."""

CATEGORIES: tuple[Category, ...] = (
    Category(
        "Tea", "茶", 340, 0.4,
        (("teapot", "茶壶", 38), ("green tea", "绿茶", 16), ("tea cups", "茶杯", 24), ("oolong tea", "乌龙茶", 22),
         ("tea tray", "茶盘", 55), ("tea tin", "茶叶罐", 19)),
    ),
    Category(
        "Coffee", "咖啡", 20, 0.3,
        (("coffee dripper", "滤杯", 27), ("coffee beans", "咖啡豆", 18), ("hand grinder", "手摇磨豆机", 64),
         ("coffee scale", "咖啡秤", 42), ("gooseneck kettle", "细嘴壶", 58), ("travel mug", "随行杯", 29)),
    ),
    Category(
        "Baking", "烘焙", 350, 0.6,
        (("mixing bowl", "打蛋盆", 21), ("cake tin", "蛋糕模", 17), ("rolling pin", "擀面杖", 14),
         ("piping set", "裱花套装", 26), ("bread basket", "发酵篮", 23), ("stand mixer", "厨师机", 249)),
    ),
    Category(
        "Garden", "园艺", 110, 0.9,
        (("seed box", "种子盒", 12), ("planter", "花盆", 18), ("watering can", "浇水壶", 26),
         ("pruning shears", "修枝剪", 31), ("compost bin", "堆肥箱", 79), ("raised bed", "种植箱", 119)),
    ),
    Category(
        "Running", "跑步", 95, 0.6,
        (("running shoes", "跑鞋", 96), ("running socks", "跑步袜", 14), ("running belt", "跑步腰包", 22),
         ("rain jacket", "防雨外套", 84), ("head lamp", "头灯", 39), ("recovery roller", "泡沫轴", 28)),
    ),
    Category(
        "Camping", "露营", 185, 0.9,
        (("two-person tent", "双人帐篷", 169), ("sleeping bag", "睡袋", 89), ("camp stove", "露营炉", 48),
         ("folding chair", "折叠椅", 37), ("lantern", "营地灯", 33), ("cool box", "保温箱", 62)),
    ),
    Category(
        "Books", "图书", 335, 0.5,
        (("city novel", "都市小说", 15), ("crime novel", "推理小说", 14), ("space novel", "太空小说", 16),
         ("travel journal", "旅行手记", 19), ("cook book", "菜谱", 28), ("reading light", "阅读灯", 23)),
    ),
    Category(
        "Drawing", "绘画", 250, 0.3,
        (("sketch book", "速写本", 13), ("pencil set", "铅笔套装", 18), ("watercolours", "水彩颜料", 34),
         ("brush set", "画笔套装", 26), ("easel", "画架", 88), ("ink pens", "针管笔", 21)),
    ),
    Category(
        "Music", "音乐", 345, 0.5,
        (("ukulele", "尤克里里", 59), ("tuner", "调音器", 16), ("song book", "曲谱", 18),
         ("guitar strings", "琴弦", 12), ("music stand", "谱架", 29), ("metronome", "节拍器", 25)),
    ),
    Category(
        "Desk", "书桌", 245, 0.5,
        (("desk lamp", "台灯", 46), ("notebook", "笔记本", 11), ("monitor stand", "显示器支架", 44),
         ("desk mat", "桌垫", 25), ("cable box", "理线盒", 19), ("office chair", "办公椅", 189)),
    ),
    Category(
        "Pets", "宠物", 150, 0.2,
        (("cat bed", "猫窝", 36), ("cat toy", "猫玩具", 9), ("scratching post", "猫抓柱", 42),
         ("pet fountain", "宠物饮水机", 39), ("carrier", "外出包", 52), ("grooming brush", "梳毛刷", 16)),
    ),
    Category(
        "Children", "儿童", 340, 0.8,
        (("wooden blocks", "积木", 29), ("picture book", "绘本", 13), ("puzzle", "拼图", 17),
         ("train set", "小火车", 54), ("board game", "桌游", 33), ("balance bike", "平衡车", 89)),
    ),
)  # fmt: skip
"""Twelve categories of six kinds; each kind is sold in every style, which makes 360 products."""
TASTES: tuple[tuple[str, str, str], ...] = (
    ("Tea", "Coffee", "Baking"),
    ("Tea", "Books", "Pets"),
    ("Tea", "Garden", "Pets"),
    ("Coffee", "Books", "Desk"),
    ("Coffee", "Running", "Desk"),
    ("Baking", "Garden", "Children"),
    ("Baking", "Drawing", "Music"),
    ("Garden", "Running", "Camping"),
    ("Running", "Camping", "Music"),
    ("Camping", "Pets", "Children"),
    ("Books", "Drawing", "Music"),
    ("Drawing", "Desk", "Children"),
)
"""Categories that customers of a taste love. Three tastes love each category: one that nobody loves would be bought by
chance alone, and nobody could tell from a cup of coffee that its owner wants more of them."""
TOGETHER: tuple[tuple[str, str], ...] = (
    ("coffee beans", "cake tin"),
    ("green tea", "crime novel"),
    ("seed box", "cook book"),
    ("travel mug", "camp stove"),
    ("head lamp", "lantern"),
    ("ukulele", "folding chair"),
    ("notebook", "ink pens"),
    ("picture book", "reading light"),
    ("carrier", "cool box"),
)
"""Kinds of different categories that are often bought together, both ways."""
