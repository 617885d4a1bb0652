"""Examples in docstrings run as they stand, and every public function has one."""

import doctest
import importlib
import inspect
import pkgutil

import pytest
import torch

import kldiv
from kldiv import inputs

MODULES = [
    info.name for info in pkgutil.walk_packages(kldiv.__path__, "kldiv.") if info.name != "kldiv.__main__"
]
FUNCTIONS = [name for name in kldiv.__all__ if inspect.isfunction(getattr(kldiv, name))]


@pytest.mark.parametrize("module", MODULES)
def test_examples_run_and_print_what_they_say(module):
    wrappers = {name: getattr(inputs, name) for name in ("Logits", "LogProbs", "Probs", "Counts")}
    names = {**wrappers, "torch": torch, **vars(importlib.import_module(module))}
    result = doctest.testmod(importlib.import_module(module), extraglobs=names)
    assert result.failed == 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_public_functions_are_documented_whole(name):
    text = inspect.getdoc(getattr(kldiv, name))
    for part in ("Example:", "Source:", "Raises", "Returns", "Args"):
        assert part in text, f"{name} lacks {part}"
    assert ">>>" in text


def test_every_public_name_exists_and_is_documented():
    for name in kldiv.__all__:
        assert inspect.getdoc(getattr(kldiv, name)), name
        assert name in dir(kldiv)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'kl_div'"):
        kldiv.kl_div  # noqa: B018
