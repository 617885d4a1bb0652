"use strict";
{
  const specifications = JSON.parse(document.getElementById("specifications").textContent);
  const ROW_HEIGHT = 22;
  const LABELS_OF_WIDTH = 0.4;

  /* Charts: drawn when they are about to be seen, by an interpreter, for the page's policy forbids eval. */

  const embed = (place) => {
    place.dataset.state = "drawing";
    const { labels, rows } = JSON.parse(place.closest(".column").querySelector("script.data").textContent);
    const specification = structuredClone(specifications[place.dataset.chart]);
    specification.datasets = { rows };
    specification.height = ROW_HEIGHT * rows.length;
    for (const parameter of specification.params) {
      if (parameter.name === "labels") parameter.value = labels;
      if (parameter.name === "labelWidth") parameter.value = Math.round(place.clientWidth * LABELS_OF_WIDTH);
    }
    const options = {
      actions: false, ast: true, defaultStyle: false, renderer: "svg",
      tooltip: { disableDefaultStyle: true },
    };
    return vegaEmbed(place, specification, options).then(
      () => { place.dataset.state = "drawn"; },
      (error) => { place.dataset.state = "failed"; console.error(error); },
    );
  };
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      embed(target);
    }
  }, { rootMargin: "400px" });
  document.querySelectorAll(".chart").forEach((place) => seen.observe(place));

  /* The overview: a header that can be sorted by is a button. */

  const keyOf = (row, index, kind) => {
    const cell = row.cells[index];
    if (kind === "text") return cell.textContent.trim();
    return cell.dataset.key === "inf" ? Infinity : Number(cell.dataset.key);
  };
  const natural = new Intl.Collator(undefined, { numeric: true });
  const compare = (a, b) => (typeof a === "string" ? natural.compare(a, b) : a < b ? -1 : a > b ? 1 : 0);
  const sort = (header) => {
    const was = header.getAttribute("aria-sort");
    const kind = header.dataset.sort;
    const ascending = was ? was === "descending" : kind === "text";
    for (const each of header.parentElement.cells) each.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const body = header.closest("table").tBodies[0];
    const rows = [...body.rows].map((row) => ({ row, key: keyOf(row, header.cellIndex, kind) }));
    rows.sort((a, b) => (ascending ? compare(a.key, b.key) : compare(b.key, a.key)));
    body.append(...rows.map(({ row }) => row));
  };
  for (const header of document.querySelectorAll("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sort(header));
    header.append(button);
  }

  /* Columns: a link opens the one it points at, a button all of its list. */

  const openTarget = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target || !target.matches("details")) return;
    for (let each = target; each; each = each.parentElement.closest("details")) each.open = true;
    target.scrollIntoView();
    target.querySelector("summary").focus({ preventScroll: true });
  };
  addEventListener("hashchange", openTarget);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link && link.hash && link.hash === location.hash) openTarget();
  });
  openTarget();
  for (const heading of document.querySelectorAll(".heading")) {
    const columns = [...heading.parentElement.querySelectorAll(":scope > .column")];
    if (columns.length < 2) continue;
    const toggle = document.createElement("button");
    toggle.type = "button";
    toggle.className = "toggle";
    const allOpen = () => columns.every((each) => each.open);
    const say = () => { toggle.textContent = allOpen() ? "Close all" : "Open all"; };
    toggle.addEventListener("click", () => {
      const open = !allOpen();
      for (const each of columns) each.open = open;
    });
    for (const each of columns) each.addEventListener("toggle", say);
    say();
    heading.append(toggle);
  }

  /* Long tables: with scripts on, what is in noscript is only text until it is asked for. */

  for (const more of document.querySelectorAll("details.more")) {
    more.addEventListener("toggle", () => {
      const folded = more.querySelector("noscript");
      if (folded) folded.outerHTML = folded.textContent;
    });
  }

  /* Paper shows what is open on the screen, charts included. */

  addEventListener("beforeprint", () => {
    for (const place of document.querySelectorAll(".column[open] .chart:not([data-state])")) {
      seen.unobserve(place);
      embed(place);
    }
  });
}
