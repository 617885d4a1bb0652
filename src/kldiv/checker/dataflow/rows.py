"""Matrix products of rows with rows: attention, similarities of features, scores of entities."""

import ast
import re

from kldiv.checker.space import Space, Tensor

_TRANSPOSITIONS = {"t", "T", "mT", "H", "mH", "transpose", "permute", "swapaxes", "swapdims", "adjoint"}
_MAYBE_PROBABILITIES = re.compile(
    r"prob|dist|soft|attn|att_|attention|^p_?|_p$|trans|matrix|^mat|confus|nois|adj|mask|one_?hot|label|^T$|weights$"
)


def are_rows(node: ast.expr) -> bool:
    """Whether the product is of rows with rows: q @ k.T, torch.bmm(q, k.transpose(1, 2))."""
    right = node.right if isinstance(node, ast.BinOp) else None
    if isinstance(node, ast.Call) and node.args:
        right = node.args[-1]
        if isinstance(node.args[0], ast.Constant):
            return _contracts_rows(node.args[0].value)
    name = right.func if isinstance(right, ast.Call) else right
    return isinstance(name, ast.Attribute) and name.attr in _TRANSPOSITIONS


def _contracts_rows(formula: object) -> bool:
    """Whether einsum's formula sums over the last dimension of both: "bqd,bkd->bqk"."""
    sides, _, result = str(formula).replace(" ", "").partition("->")
    one, _, two = sides.partition(",")
    return bool(one and two and result) and one[-1] == two[-1] and one[-1] not in result


def may_be_features(value: Tensor) -> bool:
    """Whether a value may be features: probabilities times a matrix of rows are probabilities again."""
    raw = value.space in {Space.UNKNOWN, Space.LOGITS, Space.UNIT_VECTORS}
    return raw and not any(_MAYBE_PROBABILITIES.search(name) for name in value.names)
