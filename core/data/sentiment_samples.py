"""Texts that the page offers to look at, written by this project: both languages, and what is hard or out of reach."""

from __future__ import annotations

from dataclasses import dataclass

from core.contracts import N_, TextSample
from core.intake.texts import open_text


@dataclass(frozen=True)
class SentimentSample:
    """One of our own texts."""

    title: str
    """What it shows, to be translated."""
    text: str

    @property
    def sample(self) -> TextSample:
        """The text as the intake lets it through, with its title as its name."""
        return open_text(self.text, self.title)


SAMPLES = (
    SentimentSample(
        N_("Praise, English"),
        "The food was delicious, the staff were friendly and attentive, and the bill was smaller than we feared. "
        "We will be back!",
    ),
    SentimentSample(
        N_("Complaint, English"),
        "Two weeks late, the lid is broken, and nobody answers the phone. A waste of money and of my afternoon.",
    ),
    SentimentSample(N_("Praise, Chinese"), "房间很干净，前台小姑娘特别热情，早餐种类也多，下次来还住这里。"),
    SentimentSample(N_("Complaint, Chinese"), "用了三天就充不进电，客服一直推来推去，太失望了，千万别买。"),
    SentimentSample(
        N_("Both languages"), "屏幕 really nice，colours 很准，就是 battery 一般，半天就没电了。总体 I like it，推荐。"
    ),
    SentimentSample(N_("Neither good nor bad"), "The room has two beds, a desk and a window to the street."),
    SentimentSample(
        N_("Good and bad at once"),
        "Great location and friendly staff, but the room was dirty and far too small.",
    ),
    SentimentSample(
        N_("Irony, which it misses"),
        "Oh wonderful, another update that deletes all my settings. Just what I had always wished for.",
    ),
    SentimentSample(N_("Emoji and slang"), "绝绝子！这家奶茶 yyds 🧋😍 排队一小时也值了 👍👍"),
    SentimentSample(
        N_("A longer review"),
        "We booked the cottage for a long weekend and had read so many good things that we were almost nervous. The "
        "drive there is easy, and the key hung where the owner had said it would. Inside it was cold. The heating took "
        "half a day to warm the kitchen, and the first night we slept in our coats. The owner came at once when we "
        "called, brought two heaters and a cake that his mother had baked, and did not want any thanks for it. From "
        "then on everything was lovely. The stove is a joy to cook on, the garden runs down to the river, and the "
        "children found a family of ducks that they visited every morning. One of the bicycles had a flat tyre, which "
        "we only noticed a mile from home. The beds are soft, perhaps too soft for my back. On the last evening we sat "
        "outside until the stars came out and agreed that we would come again, though in summer.",
    ),
    SentimentSample(
        N_("A longer review, Chinese"),
        "买之前犹豫了很久，看评论有好有坏。快递很快，第二天就到了，包装也很结实。第一次开机的时候发现说明书是外文的，折腾了半天才连上网络，"
        "当时真想退货。后来打了客服电话，接线的小伙子很有耐心，一步一步教我设置，十分钟就弄好了。用了一个月，吸力很大，猫毛基本都能扫干净，"
        "声音也不吵，晚上开着不影响看电视。缺点是尘盒有点小，两天就要倒一次，墙角也扫不太干净。总的来说这个价钱很值，已经推荐给了同事。",
    ),
    SentimentSample(
        N_("Another language"),
        "Das Zimmer war sauber, aber das Frühstück hat uns nicht geschmeckt und war viel zu teuer.",
    ),
)
"""In the order of the page."""
