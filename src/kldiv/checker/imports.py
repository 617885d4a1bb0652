"""Whose name is it: the dotted name a name stands for, and PyTorch's many names for one thing."""

import ast

KL_FUNCTION = "torch.nn.functional.kl_div"
KL_CRITERION = "torch.nn.KLDivLoss"
KL_NATIVE = "torch.kl_div"

_PREFIXES = {
    "torch.nn.modules.loss": "torch.nn",
    "torch.nn.modules.activation": "torch.nn",
    "torch.nn.modules.linear": "torch.nn",
    "torch.nn.modules.container": "torch.nn",
    "torch.nn.modules": "torch.nn",
    "torch.functional": "torch",
    "torch.special": "torch",
}


def canonical(dotted: str) -> str:
    """The one name used here for a thing that PyTorch offers under several."""
    for prefix, short in _PREFIXES.items():
        if dotted.startswith(prefix + "."):
            dotted = short + dotted[len(prefix) :]
            break
    return dotted


def imported_names(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """What an import binds: each name and the dotted name it stands for, "*" for a star."""
    if isinstance(node, ast.Import):
        return {
            alias.asname or alias.name.split(".")[0]: alias.name if alias.asname else alias.name.split(".")[0]
            for alias in node.names
        }
    module = "." * node.level + (node.module or "")
    return {alias.asname or alias.name: canonical(f"{module}.{alias.name}") for alias in node.names}


CONVENTIONAL = {
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
}
"""What these names stand for where nothing in the file binds them, as in an excerpt."""

OTHER_FRAMEWORKS = {
    "paddle", "mindspore", "tensorflow", "keras", "jax", "mxnet", "oneflow", "jittor", "tinygrad", "chainer",
}  # fmt: skip
