"""The report's page: one file that holds its style, its scripts and its data, and may fetch nothing."""

import base64
import hashlib
from importlib import metadata, resources

import jinja2

from kldiv.report import numbers
from kldiv.report.html.charts import javascript, specifications
from kldiv.report.html.text import plain, sides, variables, visible
from kldiv.report.html.view import View
from kldiv.report.printable import printable
from kldiv.tables.comparison import Comparison

_TEMPLATES = ("page.html", "parts.html")
_FILTERS = {
    "visible": visible,
    "variables": variables,
    "sides": sides,
    "plain": plain,
    "printable": printable,
    "number": numbers.number,
    "p_value": numbers.p_value,
    "share": numbers.share,
    "percent": numbers.percent,
    "count": numbers.count,
}


def page(comparison: Comparison) -> str:
    """The comparison as the text of an HTML file."""
    style, behaviour, vega = _part("page.css"), _part("page.js"), javascript()
    view = View(comparison)
    environment = _environment()
    environment.globals.update(view=view, words=view.words, comparison=comparison)
    return environment.get_template("page.html").render(
        specifications=specifications(),
        style=style,
        scripts=[vega, behaviour],
        policy=_policy(style, [vega, behaviour]),
        version=metadata.version("kldiv"),
    )


def _environment() -> jinja2.Environment:
    """Templates that escape whatever is put into them, and know every name they use."""
    environment = jinja2.Environment(
        loader=jinja2.DictLoader({name: _part(name) for name in _TEMPLATES}),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(_FILTERS)
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    return environment


def _policy(style: str, scripts: list[str]) -> str:
    """A content security policy under which these texts work, no others do, and nothing is fetched."""
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {' '.join(map(_digest, scripts))}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _part(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
