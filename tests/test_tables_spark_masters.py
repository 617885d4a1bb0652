"""What may be Spark's master, and whether one is there: told at once, before any Java is started."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sparking import NEEDS_JAVA

import kldiv
from kldiv.tables.opening import open_table
from kldiv.tables.spark_masters import check_answers

JULY = Path(__file__).parents[1] / "examples" / "data" / "flights-2013-07.parquet"


@pytest.mark.parametrize(
    "master",
    [
        "nonsense",
        "",
        "local[x]",
        "local[0]",
        "spark://",
        "spark://host",
        "http://a:7077",
        "sc://a:15002",
        "k8s://",
        "k8s://ftp://a",
    ],
)
def test_what_is_no_master(master):
    """It is told before any Java is started, and never taken for none."""
    with pytest.raises(kldiv.InvalidInputError) as error:
        open_table(JULY, engine="spark", master=master)
    expected = "expected local, local[4], spark://host:7077, yarn or k8s://https://host:443"
    assert str(error.value) == f"a master of Spark's is {master!r}; {expected}"


def test_no_standalone_master_answers():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        there = f"127.0.0.1:{listening.getsockname()[1]}"
        check_answers(f"spark://{there}")
    for master in (f"spark://{there}", f"spark://{there},host.invalid:7077", "spark://127.0.0.1:70000"):
        first = master.removeprefix("spark://").partition(",")[0]
        with pytest.raises(kldiv.TableError, match=f"^can't start Spark: no master answers at {first}: "):
            check_answers(master)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        check_answers(f"spark://{there},127.0.0.1:{listening.getsockname()[1]}")


OPEN = f"""
import kldiv
from kldiv.tables.opening import open_table
try:
    open_table({str(JULY)!r}, engine="spark", master="spark://127.0.0.1:1")
except kldiv.TableError as error:
    print(error)
"""


def test_it_is_found_out_before_any_java_is_looked_for(tmp_path):
    """And not after the minute for which Spark tries."""
    command = [sys.executable, "-W", "ignore", "-c", OPEN]
    environment = os.environ | {"PATH": "", "JAVA_HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100, check=True)
    assert done.stdout.startswith("can't start Spark: no master answers at 127.0.0.1:1: ")


NOBODYS = "spark://127.0.0.1:1"
NOBODY = "can't start Spark: no master answers at 127.0.0.1:1: Connection refused"
CONFIGURED = f"""
import kldiv
from kldiv.tables.opening import open_table
try:
    with open_table({str(JULY)!r}, engine="spark"):
        from pyspark import SparkContext
        print(SparkContext._active_spark_context.master)
except kldiv.TableError as error:
    print(error)
"""


@NEEDS_JAVA
@pytest.mark.parametrize(
    ("master", "said"),
    [("local[3]", "local[3]"), (NOBODYS, f"{NOBODY}; spark.master is {NOBODYS} in Spark's")],
)
def test_a_master_that_spark_is_configured_for(monkeypatch, tmp_path, master, said):
    """Without one of the user's it is that one, and asked for likewise."""
    (tmp_path / "spark-defaults.conf").write_text(f"spark.master {master}")
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    command = [sys.executable, "-W", "ignore", "-c", CONFIGURED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.splitlines()[-1].startswith(said)


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.fixture(name="without_proxies")
def fixture_without_proxies(monkeypatch):
    for each in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(each)


@pytest.mark.usefixtures("without_proxies")
@pytest.mark.parametrize("url", ["k8s://https://{}", "k8s://http://{}/path", "k8s://{}"])
def test_no_kubernetes_answers(url):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        there = f"127.0.0.1:{listening.getsockname()[1]}"
        check_answers(url.format(there))
    with pytest.raises(kldiv.TableError, match=f"^can't start Spark: no master answers at {there}: "):
        check_answers(url.format(there))


@pytest.mark.usefixtures("without_proxies")
@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://host.invalid", "host.invalid:443"),
        ("http://[::1]", "[::1]:80"),
        ("host.invalid/k8s", "host.invalid:443"),
    ],
)
def test_the_port_of_a_kubernetes_is_that_of_its_scheme(url, address):
    with pytest.raises(kldiv.TableError, match=re.escape(f"no master answers at {address}: ")):
        check_answers(f"k8s://{url}")


def test_what_is_behind_a_proxy_is_not_asked_beforehand(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://host.invalid:3128")
    check_answers("k8s://https://host.invalid")


def site(folder, **properties):
    """Hadoop's configuration of YARN; `__` in a name is a dot, and `_` a hyphen."""
    listed = "".join(
        f"<property><name>yarn.resourcemanager.{name.replace('__', '.').replace('_', '-')}</name>"
        f"<value> {value} </value></property>"
        for name, value in properties.items()
    )
    folder.mkdir(exist_ok=True)
    (folder / "yarn-site.xml").write_text(f"<?xml version='1.0'?><configuration>{listed}</configuration>")


@pytest.fixture(name="hadoop")
def fixture_hadoop(monkeypatch, tmp_path):
    monkeypatch.delenv("YARN_CONF_DIR", raising=False)
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path / "hadoop"))
    return tmp_path / "hadoop"


def test_where_yarn_is_must_be_said(monkeypatch, hadoop):
    """Spark would try for minutes what Hadoop takes for it by default."""
    with pytest.raises(kldiv.TableError, match=r"HADOOP_CONF_DIR is .*hadoop, which is no folder"):
        check_answers("yarn")
    site(hadoop)
    (hadoop / "yarn-site.xml").write_text("<configuration>")
    with pytest.raises(kldiv.TableError, match=r"can't read .*yarn-site\.xml: no element found"):
        check_answers("yarn")
    monkeypatch.delenv("HADOOP_CONF_DIR")
    with pytest.raises(kldiv.TableError) as error:
        check_answers("yarn")
    assert str(error.value) == (
        "can't start Spark on yarn: neither HADOOP_CONF_DIR nor YARN_CONF_DIR is set; "
        "set one to the folder of Hadoop's configuration"
    )


def test_no_yarn_answers(monkeypatch, hadoop, tmp_path):
    closed = closed_port()
    site(hadoop, hostname="host.invalid", address=f"127.0.0.1:{closed}")
    said = f"^can't start Spark: no resource manager of YARN's answers at 127.0.0.1:{closed}: "
    with pytest.raises(kldiv.TableError, match=said):
        check_answers("yarn")
    site(hadoop, hostname="host.invalid", address="${yarn.resourcemanager.hostname}:1")
    with pytest.raises(kldiv.TableError, match=r"host\.invalid:1: "):
        check_answers("yarn")
    site(hadoop, hostname="host.invalid")
    with pytest.raises(kldiv.TableError, match=r"host\.invalid:8032: "):
        check_answers("yarn")
    # Of two files the one of the folder that Spark puts first.
    monkeypatch.setenv("YARN_CONF_DIR", str(tmp_path / "yarn"))
    site(tmp_path / "yarn", hostname="other.invalid")
    with pytest.raises(kldiv.TableError, match=r"host\.invalid:8032: "):
        check_answers("yarn")
    (hadoop / "yarn-site.xml").unlink()
    with pytest.raises(kldiv.TableError, match=r"other\.invalid:8032: "):
        check_answers("yarn")


def test_one_of_several_resource_managers_is_enough(hadoop):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        there = f"127.0.0.1:{listening.getsockname()[1]}"
        site(hadoop, ha__rm_ids="one, two", hostname__one="host.invalid", address__two=there)
        check_answers("yarn")
    with pytest.raises(kldiv.TableError, match=rf"host\.invalid:8032: .*; {there}: "):
        check_answers("yarn")
