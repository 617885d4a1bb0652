"""What may be Spark's master, and whether one is there: Spark itself tries for minutes, and says little."""

import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies
from xml.etree import ElementTree

from kldiv.errors import InvalidInputError, TableError

_MASTER = re.compile(
    r"local(\[(\*|[1-9]\d*)( *, *\d+)?\])?|local-cluster\[ *\d+ *, *\d+ *, *\d+ *\]|spark://\S+:\d+|yarn"
    r"|k8s://(https?://)?(?!\w+://)[^\s/]\S*"
)
_MASTERS = "local, local[4], spark://host:7077, yarn or k8s://https://host:443"
_STANDALONE, _KUBERNETES, _YARN = "spark://", "k8s://", "yarn"
# As long as a master somewhere may take to answer, in seconds.
_PATIENCE = 10
_HADOOP = ("HADOOP_CONF_DIR", "YARN_CONF_DIR")
_MANAGER = "yarn.resourcemanager"
_VARIABLE = re.compile(r"\$\{([\w.-]+)\}")


def check_is_master(master: str) -> None:
    """Raise if it is none of those that Spark has.

    Raises:
        InvalidInputError: it isn't.
    """
    if not _MASTER.fullmatch(master):
        raise InvalidInputError(f"a master of Spark's is {master!r}; expected {_MASTERS}")


def check_answers(master: str) -> None:
    """Raise where nobody listens at the addresses of a master that isn't this machine.

    Raises:
        TableError: nobody does, or where YARN is isn't said.
    """
    problems = []
    for each in _addresses(master):
        host, _, port = each.rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE):
                return
        except (OSError, ValueError, OverflowError) as error:
            problems.append(f"{each}: {getattr(error, 'strerror', None) or error}")
    if problems:
        whose = "resource manager of YARN's" if master == _YARN else "master"
        raise TableError(f"can't start Spark: no {whose} answers at {'; '.join(problems)}")


def _addresses(master: str) -> list[str]:
    """Where a master is to be found, as host:port; none for one that can't be asked beforehand."""
    if master.startswith(_STANDALONE):
        return master.removeprefix(_STANDALONE).split(",")
    if master.startswith(_KUBERNETES):
        return _of_kubernetes(master.removeprefix(_KUBERNETES))
    return _of_yarn() if master == _YARN else []


def _of_kubernetes(url: str) -> list[str]:
    """The API server's address, but behind a proxy, whose business it is."""
    split = urlsplit(url if "://" in url else f"https://{url}")
    if {"all", split.scheme} & getproxies().keys():
        return []
    *_, address = split.netloc.rpartition("@")
    has_port = re.search(r":\d+$", address)
    return [address if has_port else f"{address}:{443 if split.scheme == 'https' else 80}"]


def _of_yarn() -> list[str]:
    """The addresses of the resource managers, as Hadoop's configuration has them."""
    folders = {each: os.environ[each] for each in _HADOOP if os.environ.get(each)}
    if not folders:
        raise TableError(
            f"can't start Spark on yarn: neither {' nor '.join(_HADOOP)} is set; "
            "set one to the folder of Hadoop's configuration"
        )
    for variable, folder in folders.items():
        if not Path(folder).is_dir():
            raise TableError(f"can't start Spark: {variable} is {folder}, which is no folder")
    settings = [*map(_properties, folders.values())]
    # The first file of a name is the one that counts.
    found = next((each for each in settings if each is not None), {})
    return [*_managers(found.get)]


def _properties(folder: str) -> Mapping[str, str] | None:
    """The settings of YARN in a folder of Hadoop's configuration, if it has any."""
    path = Path(folder, "yarn-site.xml")
    if not path.exists():
        return None
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314 (the user's own, which Hadoop reads too)
    except (OSError, ElementTree.ParseError) as error:
        raise TableError(f"can't start Spark: can't read {path}: {error}") from error
    return {
        (each.findtext("name") or "").strip(): (each.findtext("value") or "").strip()
        for each in root.iter("property")
    }


def _managers(setting: Callable[[str], str | None]) -> Iterator[str]:
    """By Hadoop's rules: one resource manager, or several of which one is at work."""
    ids = [f".{each.strip()}" for each in (setting(f"{_MANAGER}.ha.rm-ids") or "").split(",") if each.strip()]
    for each in ids or [""]:
        host = setting(f"{_MANAGER}.hostname{each}") or "0.0.0.0"  # noqa: S104 (Hadoop's default)
        address = setting(f"{_MANAGER}.address{each}") or f"{host}:8032"
        address = _VARIABLE.sub(lambda found: setting(found[1]) or found[0], address)
        yield address if re.search(r":\d+$", address) else f"{address}:8032"
