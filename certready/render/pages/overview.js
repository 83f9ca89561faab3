{
  const form = document.getElementById("filter");
  const targets = [...document.querySelectorAll(".target")];
  const search = document.getElementById("search");
  const within = document.getElementById("within");
  const texts = new Map();
  const text = (target) => {
    if (!texts.has(target)) texts.set(target, target.textContent.toLowerCase());
    return texts.get(target);
  };
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = new Set([...form.querySelectorAll("[name=verdict]:checked")].map((box) => box.value));
    const days = within.value === "" ? Infinity : Number(within.value);
    let count = 0;
    for (const target of targets) {
      const left = "days" in target.dataset ? Number(target.dataset.days) : Infinity;
      const shown =
        verdicts.has(target.dataset.verdict) &&
        (days === Infinity || left <= days) &&
        words.every((word) => text(target).includes(word));
      target.hidden = !shown;
      count += shown;
    }
    document.getElementById("shown").textContent = `${count} of ${targets.length} targets shown`;
  };
  let waiting;
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 80);
  });
  document.getElementById("open").addEventListener("click", () => {
    for (const target of targets.filter((each) => !each.hidden).slice(0, 200)) target.open = true;
  });
  const follow = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target?.classList.contains("target")) {
      target.hidden = false;
      target.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", follow);
  follow();
}
