"""A Spark session for tests, where there is Java to run it."""

import os
import shutil

import pytest
from pyspark.sql import SparkSession

HAS_JAVA = shutil.which("java") is not None or "JAVA_HOME" in os.environ
NEEDS_JAVA = pytest.mark.skipif(not HAS_JAVA, reason="Spark needs Java, which is not installed")


@pytest.fixture(scope="module", name="session")
def spark_session():
    """In a zone of its own, which must not matter."""
    if not HAS_JAVA:
        pytest.skip("Spark needs Java, which is not installed")
    settings = {
        "spark.sql.session.timeZone": "America/New_York",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
    }
    builder = SparkSession.builder.master("local[2]")
    for key, value in settings.items():
        builder = builder.config(key, value)
    running = builder.getOrCreate()
    yield running
    running.stop()
