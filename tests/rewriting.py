"""What the tests of `--fix` share: a source after its fixes, and the numbers that it computes."""

import tokenize
from io import StringIO

import torch

from kldiv.checker.fixing import rewrite_document
from kldiv.checker.project import Wish, check_content

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"


def rewritten(source, *, to_kldiv=False, name="a.py", wish=None):
    """A source after every fix."""
    wish = wish or Wish()
    content = source if isinstance(source, bytes) else source.encode()
    return rewrite_document(check_content(content, name, wish), wish, to_kldiv=to_kldiv)


def fixed(body, **options):
    """The lines below the imports after every fix."""
    done = rewritten(HEAD + body, **options)
    return (done.after if done.changes else done.before).replace(HEAD, "").replace("import kldiv\n", "")


def values_of(source, a, b):
    """What the function `f` of a source returns for two tensors, and its gradients."""
    namespace = {}
    exec(compile(source, "f.py", "exec"), namespace)  # noqa: S102 (that is what is tested)
    a, b = a.clone().requires_grad_(), b.clone()
    torch.manual_seed(7)
    value = namespace["f"](a, b)
    (gradient,) = torch.autograd.grad(value.sum(), a)
    return value.detach(), gradient


def comments(source):
    """The comments of a source, in its order."""
    tokens = tokenize.generate_tokens(StringIO(source).readline)
    return [each.string for each in tokens if each.type == tokenize.COMMENT]
