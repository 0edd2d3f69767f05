"""The sectors that Vitrine shows: one literal entry each, strings only."""

from __future__ import annotations

from core.contracts import N_, Preset, Sector

SECTORS: tuple[Sector, ...] = (
    Sector(
        slug="medical",
        title=N_("Medical imaging"),
        icon=":material/radiology:",
        section=N_("Sectors"),
        task="image_classification",
        summary=N_("Reads a chest X-ray, shows where it looked, and declines what is not one."),
        presets=(
            Preset(
                name="bundled",
                kind="bundled",
                source="medical/bundled",
                licence="CC-BY-4.0",
                summary=N_("Small network trained by this project on public paediatric chest X-rays."),
            ),
        ),
        headline_metric="auroc",
        notice=N_(
            "Research and teaching demo. Not a medical device. Not for diagnosis or treatment. "
            "Do not upload identifiable patient images."
        ),
    ),
    Sector(
        slug="fraud",
        title=N_("Fraud scoring"),
        icon=":material/credit_card:",
        section=N_("Sectors"),
        task="fraud_detection",
        summary=N_("Ranks card payments for review, says why, and tells what a threshold is worth in money."),
        presets=(
            Preset(
                name="bundled",
                kind="bundled",
                source="fraud/bundled",
                licence="CC0-1.0",
                summary=N_("Boosted trees trained by this project on its own simulated bank."),
            ),
        ),
        headline_metric="average_precision",
        notice=N_(
            "Research and teaching demo. Not advice, and no automatic decision on people: a person looks at every "
            "alert. Whoever is affected can ask for the reasons and contest them."
        ),
        reads="transactions",
        offers=(),
        sections=("answer", "queue", "corrections", "improve", "quality", "overfitting", "card"),
        metrics=("average_precision", "card_precision_at_100", "auroc"),
    ),
    Sector(
        slug="sentiment",
        title=N_("Sentiment"),
        icon=":material/sentiment_satisfied:",
        section=N_("Sectors"),
        task="text_classification",
        summary=N_("Reads reviews in English and Chinese, shows the words that decided, and learns from corrections."),
        presets=(
            Preset(
                name="bundled",
                kind="bundled",
                source="sentiment/bundled",
                licence=N_("research and demonstration only, as its training texts"),
                summary=N_("Weights of n-grams, trained by this project on public reviews in both languages."),
            ),
            Preset(
                name="distilbert-english",
                kind="hub",
                source="distilbert/distilbert-base-uncased-finetuned-sst-2-english",
                licence="Apache-2.0",
                summary=N_("DistilBERT for English, trained by its authors on sentences from film reviews (SST-2)."),
                revision="714eb0fa89d2f80546fda750413ed43d93601a13",
                options=(("model", "transformer"), ("transformer", "distilbert-english")),
            ),
            Preset(
                name="distilbert-multilingual",
                kind="hub",
                source="lxyuan/distilbert-base-multilingual-cased-sentiments-student",
                licence="Apache-2.0",
                summary=N_("Multilingual DistilBERT, English and Chinese among its languages; knows neutral too."),
                revision="cf991100d706c13c0a080c097134c05b7f436c45",
                options=(("model", "transformer"), ("transformer", "distilbert-multilingual")),
            ),
        ),
        headline_metric="accuracy",
        notice=N_("Research and teaching demo. Not advice, and no automatic decision on people."),
        reads="texts",
        offers=("refit",),
        sections=("answer", "board", "corrections", "improve", "quality", "card"),
        metrics=("accuracy", "auroc", "f1_macro", "ece", "declined"),
    ),
    Sector(
        slug="defects",
        title=N_("Defect detection"),
        icon=":material/search_insights:",
        section=N_("Sectors"),
        task="anomaly_detection",
        summary=N_("Learns from a few good parts, shows where a part is unlike them, and keeps to a false-alarm rate."),
        presets=(
            Preset(
                name="bundled",
                kind="bundled",
                source="defects/bundled",
                licence="CC-BY-4.0",
                summary=N_("Memory of simulated metal, cloth and boards, on a small network trained by this project."),
            ),
        ),
        headline_metric="image_auroc",
        notice=N_("Research and teaching demo. No part is released or scrapped without a person who looks at it."),
        reads="parts",
        offers=(),
        sections=("answer", "corrections", "improve", "quality", "card"),
        metrics=("pixel_f1", "pro", "image_auroc", "pixel_auroc", "false_alarm_rate", "escape_rate"),
    ),
    Sector(
        slug="recommendations",
        title=N_("Recommendations"),
        icon=":material/shopping_basket:",
        section=N_("Sectors"),
        task="recommendation",
        summary=N_("Learns a new user's taste in five clicks, says why it lists an item, and what variety costs."),
        presets=(
            Preset(
                name="bundled",
                kind="bundled",
                source="recommendations/bundled",
                licence="CC0-1.0",
                summary=N_("EASE, a linear model in closed form, fitted by this project to its own simulated shop."),
            ),
        ),
        headline_metric="ndcg_at_10",
        notice=N_("Research and teaching demo. Not advice, and nothing for decisions about people."),
        reads="interactions",
        offers=(),
        sections=("answer", "catalogue", "improve", "quality", "card"),
        learns_from="recsys",
        metrics=("ndcg_at_10", "hr_at_10", "recall_at_20", "coverage", "long_tail", "novelty", "diversity"),
    ),
)


def slug_of_task(task: str) -> str:
    """Slug of the first sector with this task, for the lines that repeat a run; the task's own name without one."""
    return next((entry.slug for entry in SECTORS if entry.task == task), task)


def presets_of_task(task: str) -> tuple[Preset, ...]:
    """Presets of the first sector with this task; none without one."""
    return next((entry.presets for entry in SECTORS if entry.task == task), ())


def sector(slug: str) -> Sector:
    """The sector with this slug; raises `KeyError` when there is none."""
    for entry in SECTORS:
        if entry.slug == slug:
            return entry
    raise KeyError(slug)
