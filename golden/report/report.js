"use strict";
document.documentElement.classList.add("js");
for (const pair of document.querySelectorAll(".pair")) {
  const views = pair.querySelector(".views");
  const slider = pair.querySelector(".slider");
  const cut = (percent) => {
    slider.value = percent;
    slider.setAttribute("aria-valuetext", `${Math.round(percent)} % before, the rest after`);
    views.style.setProperty("--cut", `${percent}%`);
  };
  slider.addEventListener("input", () => cut(slider.value));
  for (const button of pair.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      pair.dataset.view = button.dataset.view;
      for (const other of pair.querySelectorAll("button")) {
        other.setAttribute("aria-pressed", String(other === button));
      }
    });
  }
  const follow = (event) => {
    if (pair.dataset.view !== "swipe") return;
    const box = views.getBoundingClientRect();
    cut(Math.min(100, Math.max(0, ((event.clientX - box.left) / box.width) * 100)));
  };
  views.addEventListener("pointerdown", (event) => {
    follow(event);
    views.setPointerCapture(event.pointerId);
    views.addEventListener("pointermove", follow);
  });
  views.addEventListener("pointerup", () => views.removeEventListener("pointermove", follow));
  views.addEventListener("pointercancel", () => views.removeEventListener("pointermove", follow));
}
