{
  const PAGE = 100;
  // Of a long list one page is in the document, the rest is kept beside it: thousands of rows would make every browser
  // slow, and whatever reads a page aloud slower. On paper all of them are shown.
  const paged = (list, said = () => {}) => {
    const all = [...list.children];
    const pagers = [...document.querySelectorAll(`[data-pages="${list.id}"]`)];
    let kept = all;
    let first = 0;
    const show = () => {
      const shown = kept.slice(first, first + PAGE);
      const last = first + shown.length;
      list.replaceChildren(...shown);
      for (const pager of pagers) {
        const [back, on] = pager.querySelectorAll("button");
        const place = pager.querySelector("span"); // the filter says it already
        pager.hidden = kept.length <= PAGE;
        back.disabled = first === 0;
        on.disabled = last === kept.length;
        if (place) place.textContent = `${first + 1} to ${last} of ${kept.length}`;
      }
      said(kept.length, all.length, first, last);
    };
    const turn = (pager, button) => {
      first += button === pager.firstElementChild ? -PAGE : PAGE;
      show();
      if (list.compareDocumentPosition(pager) & Node.DOCUMENT_POSITION_FOLLOWING) {
        const reader = list.closest("[tabindex]");
        reader.focus({ preventScroll: true });
        reader.scrollIntoView();
      } else if (button.disabled) pager.querySelector("button:enabled").focus();
    };
    for (const pager of pagers)
      for (const button of pager.querySelectorAll("button")) button.addEventListener("click", () => turn(pager, button));
    addEventListener("beforeprint", () => list.replaceChildren(...kept));
    addEventListener("afterprint", show);
    show();
    return {
      all,
      keep: (rows) => {
        kept = rows;
        first = 0;
        show();
      },
      reveal: (row) => {
        if (!kept.includes(row)) return false;
        first = kept.indexOf(row) - (kept.indexOf(row) % PAGE);
        show();
        return true;
      },
    };
  };

  const form = document.getElementById("filter");
  const search = document.getElementById("search");
  const within = document.getElementById("within");
  const targets = paged(document.getElementById("targets"), (kept, all, first, last) => {
    const place = last - first < kept ? `, ${first + 1} to ${last}` : "";
    document.getElementById("shown").textContent = `${kept} of ${all} targets${place} shown`;
  });
  const byId = new Map(targets.all.map((target) => [target.id, target]));
  const texts = new Map();
  const text = (target) => {
    if (!texts.has(target)) texts.set(target, target.textContent.toLowerCase());
    return texts.get(target);
  };
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = new Set([...form.querySelectorAll("[name=verdict]:checked")].map((box) => box.value));
    const days = within.value === "" ? Infinity : Number(within.value);
    const left = (target) => ("days" in target.dataset ? Number(target.dataset.days) : Infinity);
    targets.keep(
      targets.all.filter(
        (target) =>
          verdicts.has(target.dataset.verdict) &&
          (days === Infinity || left(target) <= days) &&
          words.every((word) => text(target).includes(word)),
      ),
    );
  };
  let waiting;
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 80);
  });
  document.getElementById("open").addEventListener("click", () => {
    for (const target of document.querySelectorAll(".target")) target.open = true;
  });
  const follow = () => {
    const target = byId.get(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (!targets.reveal(target)) {
      form.reset();
      filter();
      targets.reveal(target);
    }
    target.open = true;
    target.scrollIntoView();
    target.querySelector("summary").focus({ preventScroll: true });
  };
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    if (event.target.closest("a")?.hash === location.hash) follow();
  });
  follow();

  for (const list of document.querySelectorAll("[data-shared]")) paged(list);
}
