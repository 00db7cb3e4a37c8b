// Elements, numbers and times. Text gets into the page as text nodes only.
const DATA = JSON.parse(document.getElementById('data').textContent);
const SVG = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}
const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// Characters that would draw outside their place or turn the reading direction become visible escapes.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
function visible(text) {
  return String(text).replace(HIDDEN, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
}
// Text out of a log: its own direction cannot reorder what stands beside it.
const log = (text, attributes) => (text === null || text === undefined || text === '')
  ? h('span', { class: 'none' }, '–') : h('bdi', attributes || {}, visible(text));

const number = new Intl.NumberFormat('en-GB');
const count = (n) => (n === null || n === undefined ? '–' : number.format(n));
const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : (many || one + 's')}`;
const when = (text) => (text ? text.slice(0, 16).replace('T', ' ') : '–');
const HOUR = 3600000;
const at = (text) => (text ? Date.parse(text) : null);
const iso = (ms) => new Date(ms).toISOString();
function span(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  for (const [size, unit] of [[86400, 'd'], [3600, 'h'], [60, 'min']]) {
    if (Math.abs(seconds) >= 2 * size) return `${Math.round(seconds / size)} ${unit}`;
  }
  return `${Math.round(seconds)} s`;
}

const SEVERITIES = [[6, 'Fatal'], [5, 'Critical'], [4, 'High'], [3, 'Medium'], [2, 'Low'], [1, 'Informational']];
const severity = (id) => h('span', { class: `severity s${id}` }, (SEVERITIES.find(([n]) => n === id) || [0, 'Unknown'])[1]);
const link = (to, ...children) => h('a', { href: '#' + to }, ...children);
const enc = encodeURIComponent;
const detectionName = (uid) => (DATA.detections.find((d) => d.uid === uid) || { title: uid }).title;
const capped = (shown, total, what) => (shown < total
  ? h('p', { class: 'note' }, `Shown here: ${count(shown)} of ${count(total)} ${what}. The lake has all of them: catchment sql.`) : null);

// A table whose heads sort it. columns: [{name, text(row) -> node, key(row) -> value, numeric}]
function sortable(columns, rows, options) {
  const state = { column: options.sort ?? 0, down: options.down ?? false, limit: options.limit ?? 200 };
  const body = h('tbody');
  const more = h('button', { class: 'more', type: 'button', onclick: () => { state.limit += 500; draw(); } });
  const heads = columns.map((column, place) => h('th', { scope: 'col', class: column.numeric ? 'numeric' : null },
    column.key ? h('button', { type: 'button', onclick: () => {
      state.down = state.column === place ? !state.down : Boolean(column.numeric);
      state.column = place;
      draw();
    } }, column.name) : column.name));
  let current = rows;
  function draw() {
    const key = columns[state.column].key;
    const sorted = key ? [...current].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      const order = x === y ? 0 : x === null || x === undefined ? -1 : y === null || y === undefined ? 1 : x < y ? -1 : 1;
      return state.down ? -order : order;
    }) : current;
    heads.forEach((head, place) => head.setAttribute('aria-sort',
      place !== state.column || !columns[place].key ? 'none' : state.down ? 'descending' : 'ascending'));
    body.replaceChildren(...sorted.slice(0, state.limit).map((row) => h('tr', options.row ? options.row(row) : {},
      columns.map((column) => h('td', { class: column.numeric ? 'numeric' : column.class || null }, column.text(row))))));
    if (!current.length) body.append(h('tr', {}, h('td', { colspan: columns.length, class: 'none' }, options.empty || 'nothing')));
    more.hidden = sorted.length <= state.limit;
    more.textContent = `show more (${count(sorted.length - state.limit)} left)`;
  }
  draw();
  return {
    node: h('div', { class: 'scroll' }, h('table', {}, options.caption ? h('caption', {}, options.caption) : null,
      h('thead', {}, h('tr', {}, heads)), body), more),
    show(next) { current = next; draw(); },
  };
}

// Bars over time: [{from, to, parts: [[class, value]]}], one stack each; onpick gets the index.
function bars(items, { height = 72, width = 1000, label, onpick, picked }) {
  const top = Math.max(1, ...items.map((i) => i.parts.reduce((sum, [, v]) => sum + v, 0)));
  const step = width / Math.max(1, items.length);
  return s('svg', { class: 'bars', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: onpick ? 'group' : 'img', 'aria-label': label },
    items.map((item, place) => {
      let y = height;
      const total = item.parts.reduce((sum, [, v]) => sum + v, 0);
      const name = `${item.name}: ${count(total)}`;
      return s('g', onpick ? { class: 'pick' + (picked && !picked(place) ? ' off' : ''), tabindex: total ? 0 : null, role: 'button', 'aria-label': name,
        'aria-pressed': picked && picked(place) ? 'true' : 'false', onclick: () => onpick(place),
        onkeydown: (event) => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); onpick(place); } } } : {},
      s('title', {}, name), s('rect', { class: 'hit', x: place * step, y: 0, width: step, height }),
      item.parts.filter(([, v]) => v > 0).map(([kind, value]) => {
        const tall = Math.max(2, (value / top) * (height - 2));
        y -= tall;
        return s('rect', { class: kind, x: place * step + step * 0.08, y, width: step * 0.84, height: tall });
      }));
    }));
}
