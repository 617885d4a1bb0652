"""The charts of the report as Vega-Lite, written in Altair: one specification a chart, shared by all columns.

A column gives them its rows and labels. Fields have fixed names, so that no name or value of a table is
ever read as one, and colours are the page's own variables, so that they follow its light and dark.
"""

from functools import cache
from typing import Any

import altair as alt
import vl_convert

ROWS = "rows"
"""The data set that a column fills."""
LABELS = "labels"
"""The parameter that a column fills: the text of each row's outcome, by its index."""
LABEL_WIDTH = "labelWidth"
"""The parameter that the page fills: how much of the chart's width is the labels'."""

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
_P, _Q, _MUTED, _LINE = "var(--p)", "var(--q)", "var(--muted)", "var(--line)"


@cache
def javascript() -> str:
    """Vega, Vega-Lite and their embedding in one script that fetches nothing; it takes a second to make."""
    version = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=version)
    return script.replace("</script", r"<\/script")


def specifications() -> dict[str, Any]:
    """The charts of every column, by their names."""
    return {"shares": _shares(), "terms": _terms()}


def _shares() -> dict[str, Any]:
    """How much of P and of Q each outcome has, one bar below the other."""
    chart = (
        alt.Chart(alt.NamedData(ROWS))
        .transform_fold(["p", "q"], as_=["side", "share"])
        .mark_bar(cornerRadiusEnd=1)
        .encode(
            x=alt.X("share:Q", title=None, axis=alt.Axis(format="~%", tickCount=4)),
            y=_outcomes(),
            yOffset=alt.YOffset("side:N", scale=alt.Scale(paddingInner=0)),
            color=alt.Color("side:N", legend=None, scale=alt.Scale(domain=["p", "q"], range=[_P, _Q])),
            tooltip=_tooltip(),
        )
    )
    return _finished(chart)


def _terms() -> dict[str, Any]:
    """What each outcome adds to the divergence, or takes from it; an infinite one has the longest bar."""
    base = alt.Chart(alt.NamedData(ROWS)).encode(y=_outcomes(), tooltip=_tooltip())
    bars = base.mark_bar(cornerRadiusEnd=1).encode(
        x=alt.X("drawn:Q", title=None, axis=alt.Axis(format="~g", tickCount=4)),
        color=alt.condition("datum.more == 'q'", alt.value(_Q), alt.value(_P)),
        stroke=alt.condition("datum.more == 'q'", alt.value(_Q), alt.value(_P)),
        strokeWidth=alt.condition("datum.infinite", alt.value(1.5), alt.value(0)),
        fillOpacity=alt.condition("datum.infinite", alt.value(0.25), alt.value(1)),
    )
    infinite = base.mark_text(
        align="right", dx=-5, fontSize=15, fontWeight="bold", color="var(--text)"
    ).encode(x="drawn:Q", text=alt.condition("datum.infinite", alt.value("∞"), alt.value("")))
    return _finished(bars + infinite)


def _outcomes() -> Any:
    axis = alt.Axis(
        labelExpr=f"{LABELS}[datum.value]", labelLimit=alt.ExprRef(LABEL_WIDTH), ticks=False, domain=False
    )
    return alt.Y("index:O", title=None, axis=axis, scale=alt.Scale(paddingInner=0.3, paddingOuter=0.15))


def _tooltip() -> list[Any]:
    return [
        alt.Tooltip(f"{field}:N", title=title)
        for field, title in (("label", "outcome"), ("p_text", "P"), ("q_text", "Q"), ("term_text", "adds"))
    ]


def _finished(chart: Any) -> dict[str, Any]:
    """The chart as a dictionary, as wide as its place on the page; its height is the column's."""
    text = {"labelFont": _FONT, "labelFontSize": 12, "labelColor": _MUTED}
    specification: dict[str, Any] = (
        chart.add_params(alt.param(name=LABELS, value=[]), alt.param(name=LABEL_WIDTH, value=120))
        .properties(
            width="container",
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        )
        .configure(background="transparent", font=_FONT)
        .configure_view(stroke=None)
        .configure_axis(**text, gridColor=_LINE, domainColor=_LINE, tickColor=_LINE, labelPadding=6)
        .to_dict()
    )
    return specification
