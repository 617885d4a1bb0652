"""Ctrl-C ends a command at any moment by exit code 130, without a word, once what it began is cleared away.

SIGTERM does the same by exit code 143, and is taken for a press of Ctrl-C from here on.

Python alone shows its stack while a command is loaded and after it is done, ends by the signal where an
`exec` was broken off, and lets a second press break off the clearing away. Libraries turn the interrupt into
errors of their own, or swallow it.
"""

import _thread
import math
import signal
import sys
import threading
import time
from types import FrameType

# Presses that follow one another in less than these seconds are one.
_ONE_PRESS = 1.0


class _Keyboard:
    """When Ctrl-C was last pressed, by what signal, and whether while it is put off; None where it is not."""

    last_press = -math.inf
    number: int = signal.SIGINT
    put_off: bool | None = None


def watch() -> None:
    """Take note of Ctrl-C from now on; where it is ignored, as in the background, that is meant."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _press)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _press)
    sys.unraisablehook = _unraisable


def exit_code() -> int:
    """As a shell has it for what a signal ended."""
    return 128 + _Keyboard.number


def was_pressed() -> bool:
    """Whether Ctrl-C was pressed: whatever fails then fails because of it."""
    return _Keyboard.last_press > -math.inf


def stop_if_pressed() -> None:
    """Break off once more, where a library may have swallowed Ctrl-C: PyTorch does while it loads NumPy."""
    if was_pressed():
        raise KeyboardInterrupt


class PutOff:
    """Ctrl-C waits for the end of this block, whose breaking off would end the process in a worse way."""

    def __enter__(self) -> None:
        _Keyboard.put_off = False

    def __exit__(self, *_error: object) -> None:
        pressed, _Keyboard.put_off = _Keyboard.put_off, None
        if pressed:
            raise KeyboardInterrupt


def end() -> None:
    """The work is done, and what Python does at its end is not to be broken off."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if signal.getsignal(signal.SIGTERM) is _press:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # CPython remembers an interrupt that left an exec, and ends by the signal, unless another exec follows.
    exec("")  # noqa: S102


def _press(number: int, _frame: FrameType | None) -> None:
    before, _Keyboard.last_press, _Keyboard.number = _Keyboard.last_press, time.monotonic(), number
    if _Keyboard.last_press - before < _ONE_PRESS:
        return
    if _Keyboard.put_off is None:
        raise KeyboardInterrupt
    _Keyboard.put_off = True


def _unraisable(lost: "sys.UnraisableHookArgs") -> None:
    """An interrupt that struck where nothing can be raised, as in a destructor, strikes once more."""
    if not issubclass(lost.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(lost)
        return
    _Keyboard.last_press -= _ONE_PRESS
    # At once it would strike in here.
    again = threading.Timer(0.01, _thread.interrupt_main, (_Keyboard.number,))
    again.daemon = True
    again.start()
