// The browser's side of an explorer: native controls, and a canvas that never goes blank, because a frame is decoded
// before it is drawn. Python draws and words everything; here are only positions of knobs and pictures to lay down.

const WAIT_MS = 2000; // after this long without an answer, say so
const PLAY_MS = 80; // at least this long between two moves of the play button
const CHARACTER = 0.035; // width of a character under a slider, as a share of a narrow slider
const MIN_WIDTH = 480; // pixels for two sliders side by side
const PLAY_MOVES = 100; // about this many moves from one end to the other

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function decode(bytes) {
  return bytes.byteLength ? createImageBitmap(new Blob([bytes])) : null;
}

function makeTicks(ticks, last) {
  const node = make("div", { className: "ngo-ticks", ariaHidden: "true" });
  let free = -1; // where the first row has room again, as a share of the slider
  for (const [position, label] of [...ticks].sort((a, b) => a[0] - b[0])) {
    const share = position / last;
    const half = (label.length * CHARACTER) / 2;
    const tick = make("span", { className: share < half ? "ngo-first" : share > 1 - half ? "ngo-last" : "" }, label);
    tick.style.left = `${100 * share}%`;
    if (share - half < free) tick.classList.add("ngo-lower");
    else free = share + half;
    node.append(tick);
  }
  node.classList.toggle("ngo-two-rows", node.querySelector(".ngo-lower") !== null);
  return node;
}

function makeKnob(knob, moved) {
  const id = `ngo-${Math.random().toString(36).slice(2)}`;
  const last = knob.texts.length - 1;
  const value = make("b", { ariaHidden: "true" }); // the slider speaks it
  let input;
  if (knob.choice) {
    input = make("select", { id }, ...knob.texts.map((text, position) => make("option", { value: position }, text)));
  } else {
    input = make("input", { id, type: "range", min: 0, max: last, step: 1 });
  }
  input.dataset.knob = knob.name;
  const show = (position) => {
    input.value = position;
    if (knob.choice) return;
    value.textContent = knob.texts[position];
    input.setAttribute("aria-valuetext", [knob.texts[position], Object.fromEntries(knob.ticks)[position]].filter(Boolean).join(", "));
  };
  input.addEventListener("input", () => {
    show(+input.value);
    moved();
  });
  const node = make("div", { className: "ngo-knob" }, make("label", { htmlFor: id }, knob.label, value), input);
  if (knob.ticks.length) node.append(makeTicks(knob.ticks, last));
  return { node, show, last, position: () => +input.value };
}

function renderExplorer({ model, el }) {
  const setup = model.get("setup");
  const knobs = Object.fromEntries(setup.knobs.map((knob) => [knob.name, makeKnob(knob, () => move())]));
  const canvas = make("canvas", { width: setup.width, height: setup.height, role: "img" });
  canvas.style.width = `${setup.width}px`;
  const status = make("span", { className: "ngo-status", role: "status" });
  const reset = make("button", { type: "button" }, "Reset");
  const buttons = make("div", { className: "ngo-buttons" }, reset);

  // Moves: one is under way at a time; what happens meanwhile is remembered, newest last, and sent as one.
  let waiting = 0;
  let next = null;
  function send(message) {
    if (waiting) {
      next = { ...next, ...message };
      return;
    }
    waiting = setTimeout(() => {
      status.textContent = "Waiting for Python: it is busy, or has stopped (then run this cell again).";
    }, WAIT_MS);
    model.send(message);
  }
  function move() {
    send({ positions: Object.fromEntries(Object.entries(knobs).map(([name, knob]) => [name, knob.position()])) });
  }
  function answered() {
    clearTimeout(waiting);
    waiting = 0;
    status.textContent = "";
    if (next) {
      send(next);
      next = null;
    }
  }

  // Frames: the static part is kept, a cutting is laid over it.
  let base = null;
  let baseBytes = null;
  let newest = 0;
  async function paint() {
    const frame = model.get("frame");
    const mine = ++newest;
    const bytes = model.get("base");
    const [under, over] = await Promise.all([bytes === baseBytes ? base : decode(bytes), decode(frame.patch)]);
    if (mine !== newest) return;
    if (bytes !== baseBytes) [base, baseBytes] = [under, bytes];
    if (canvas.width !== base.width || canvas.height !== base.height) {
      Object.assign(canvas, { width: base.width, height: base.height });
    }
    const context = canvas.getContext("2d");
    context.drawImage(base, 0, 0);
    if (over) context.drawImage(over, frame.x, frame.y);
    canvas.setAttribute("aria-label", `${setup.title}. ${frame.sentence}`);
    canvas.dataset.turn = frame.turn;
  }
  function follow() {
    for (const [name, position] of Object.entries(model.get("frame").positions)) knobs[name].show(position);
  }
  function changed() {
    answered();
    if (!waiting) follow();
    paint();
  }

  // Play, reset, drag.
  const played = setup.knobs.find((knob) => knob.play);
  let playing = 0;
  const play = make("button", { type: "button", title: `Move the slider: ${played?.label}` });
  function stop() {
    clearInterval(playing);
    playing = 0;
    play.textContent = "▶ Play";
  }
  function start() {
    const { show, position, last } = knobs[played.name];
    const stride = Math.max(1, Math.round(last / PLAY_MOVES));
    if (position() === last) show(0);
    playing = setInterval(() => {
      if (waiting) return;
      show(Math.min(position() + stride, last));
      move();
      if (position() === last) stop();
    }, PLAY_MS);
    play.textContent = "⏸ Pause";
  }
  if (played) {
    stop();
    play.addEventListener("click", () => (playing ? stop() : start()));
    buttons.prepend(play);
  }
  reset.addEventListener("click", () => {
    if (playing) stop();
    for (const knob of setup.knobs) knobs[knob.name].show(knob.start);
    move();
  });
  if (setup.drag) {
    const [left, top, right, bottom] = setup.drag;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    const inside = ([x, y]) => left <= x && x <= right && top <= y && y <= bottom;
    canvas.style.touchAction = "none";
    buttons.append(make("span", {}, "or drag in the picture"));
    canvas.addEventListener("pointerdown", (event) => {
      if (!inside(place(event))) return;
      canvas.setPointerCapture(event.pointerId);
      send({ drag: place(event) });
    });
    canvas.addEventListener("pointermove", (event) => {
      canvas.style.cursor = inside(place(event)) ? "crosshair" : "";
      if (canvas.hasPointerCapture(event.pointerId)) send({ drag: place(event) });
    });
  }

  const controls = make("div", { className: "ngo-knobs" }, ...Object.values(knobs).map((knob) => knob.node), buttons);
  const root = make("fieldset", { className: "ngo-explorer" }, make("legend", {}, setup.title));
  root.style.width = `${Math.max(setup.width, MIN_WIDTH)}px`;
  root.append(controls, make("div", { className: "ngo-picture" }, canvas, status));
  // Plain keys belong to the controls: JupyterLab would move to another cell or delete one.
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey) event.stopPropagation();
  });
  el.append(root);
  follow();
  paint();
  model.on("change:frame", changed);
  if (window.devicePixelRatio > 1) model.send({ scale: Math.min(window.devicePixelRatio, 2) });
  return () => {
    if (playing) stop();
    clearTimeout(waiting);
    model.off("change:frame", changed);
  };
}

async function renderWords({ model, el }) {
  const view = await model.widget_manager.get_model(model.get("of"));
  const { goal } = view.get("setup");
  const sentence = make("p", { role: "status" });
  const verdict = make("p", { className: "ngo-goal", role: "status", hidden: !goal });
  const changed = () => {
    const frame = view.get("frame");
    sentence.textContent = frame.sentence;
    verdict.textContent = frame.reached ? `★ Goal reached: ${goal}` : `☆ Goal not reached yet: ${goal}`;
    verdict.classList.toggle("ngo-reached", frame.reached);
  };
  changed();
  el.append(make("div", { className: "ngo-words" }, sentence, verdict));
  view.on("change:frame", changed);
  return () => view.off("change:frame", changed);
}

export default { render: (context) => (context.model.get("of") ? renderWords : renderExplorer)(context) };
