// Health: whether every source speaks, and whether each detection could see.
const HEALTH = DATA.health;
const GRAVITY = { CLEAN: 0, BLIND: 1, FIRED: 2 };

function healthView() {
  if (!HEALTH.present) {
    return [h('h1', {}, 'Health'), h('p', { class: 'lead' }, 'This lake has no health marts yet; they come with ', h('code', {}, 'catchment correlate'), '.'), sourcesOf()];
  }
  return [h('h1', {}, 'Health'), headline(), sourcesOf(), quarantineOf(), h('h2', {}, 'Detections over time'), ...detectionsOf()];
}

// Events may name no account.
const accountOf = (account) => (account === '-' ? h('i', {}, 'no account named') : log(account));

function headline() {
  const silent = HEALTH.sources.filter((x) => x.silent_since).length;
  const blind = new Set(HEALTH.intervals.filter((i) => i.state === 'BLIND' && i.current).map((i) => i.detection));
  return h('p', { class: 'lead' }, `${plural(new Set(HEALTH.sources.map((x) => x.source)).size, 'source')}; `,
    silent ? h('b', { class: 'bad' }, plural(silent, 'source or account is', 'sources or accounts are') + ' silent') : 'none is silent', '; ',
    blind.size ? h('b', { class: 'bad' }, `${plural(blind.size, 'detection')} blind now`) : 'no detection is blind now', '.');
}

function spark(source) {
  const points = HEALTH.volume[source] || [];
  if (!points.length) return h('span', { class: 'none' }, '–');
  return bars(points.map(([hour, n]) => ({ name: when(hour), parts: [['volume', n]] })), { height: 28, width: 336, label: `Records an hour of ${source}, ${when(points[0][0])} to ${when(points[points.length - 1][0])}` });
}

function sourcesOf() {
  return [h('h2', {}, 'Sources'), sortable([
    { name: 'Source, account', class: 'tight', text: (x) => (x.account === null ? h('b', {}, x.source) : h('span', { class: 'account', title: `${x.source}, ${visible(x.account)}` }, accountOf(x.account))), key: (x) => x.source + '\n' + (x.account ?? '') },
    { name: 'Volume by the hour', text: (x) => (x.account === null ? spark(x.source) : null) },
    { name: 'Last 24 h', text: (x) => count(x.rows_day), key: (x) => x.rows_day, numeric: true },
    { name: 'Usual day', text: (x) => count(x.usual_day), key: (x) => x.usual_day, numeric: true },
    { name: 'Lag, median', text: (x) => (x.lag_p50_seconds === null ? '–' : '≤ ' + span(x.lag_p50_seconds)), key: (x) => x.lag_p50_seconds, numeric: true },
    { name: 'Lag, most', text: (x) => span(x.lag_max_seconds), key: (x) => x.lag_max_seconds, numeric: true },
    { name: 'Newest event (UTC)', text: (x) => when(x.last_event), key: (x) => x.last_event, class: 'tight' },
    { name: 'Silent since', text: (x) => (x.silent_since ? h('b', { class: 'bad' }, when(x.silent_since)) : 'speaks'), key: (x) => x.silent_since, class: 'tight' },
    { name: 'Unmapped', text: (x) => count(x.unmapped), key: (x) => x.unmapped, numeric: true },
    { name: 'Collisions', text: (x) => count(x.collisions), key: (x) => x.collisions, numeric: true },
    { name: 'Quarantine, open / all', text: (x) => h('span', { class: x.quarantined_open ? 'bad' : null }, x.quarantined_open === null ? '' : `${count(x.quarantined_open)} / ${count(x.quarantined_total)}`), key: (x) => x.quarantined_open, numeric: true },
    { name: 'Open plans', text: (x) => (x.open_plans === null ? '' : count(x.open_plans)), key: (x) => x.open_plans, numeric: true },
    { name: 'Failed reads', text: (x) => (x.failed_reads === null ? '' : count(x.failed_reads)), key: (x) => x.failed_reads, numeric: true },
  ], HEALTH.sources, { sort: 0, row: (x) => ({ class: x.account === null ? 'whole' : 'part' }), empty: 'Nothing landed yet.' }).node,
  capped(HEALTH.sources.length, HEALTH.sources_total, 'sources and accounts')];
}

function quarantineOf() {
  if (!HEALTH.quarantine.length) return null;
  return [h('h2', {}, 'Quarantine'), sortable([
    { name: 'Source', text: (q) => q.source, key: (q) => q.source },
    { name: 'Reason', text: (q) => log(q.reason), key: (q) => q.reason, class: 'wide' },
    { name: 'Open', text: (q) => count(q.open), key: (q) => q.open, numeric: true },
    { name: 'Total', text: (q) => count(q.total), key: (q) => q.total, numeric: true },
    { name: 'Newest (UTC)', text: (q) => when(q.newest), key: (q) => q.newest },
  ], HEALTH.quarantine, { sort: 2, down: true }).node];
}

function detectionsOf() {
  if (!HEALTH.intervals.length) return [h('p', { class: 'note' }, 'No interval is on record yet.')];
  const first = Math.min(...HEALTH.intervals.map((i) => at(i.from)));
  const last = Math.max(...HEALTH.intervals.map((i) => at(i.to)));
  const accounts = [...new Set(HEALTH.intervals.map((i) => i.account))].sort();
  const picked = { account: '', from: Math.max(first, last - 14 * 24 * HOUR) };
  const stage = h('div', { class: 'scroll' });
  const said = h('p', { class: 'said', role: 'status' }, 'Choose an interval to see why.');
  const table = sortable([
    { name: 'State', text: (i) => h('span', { class: `state ${i.state.toLowerCase()}` }, i.state), key: (i) => i.state, class: 'tight' },
    { name: 'Detection', text: (i) => detectionName(i.detection), key: (i) => i.detection },
    { name: 'Account', text: (i) => accountOf(i.account), key: (i) => i.account },
    { name: 'From (UTC)', text: (i) => when(i.from), key: (i) => i.from, class: 'tight' },
    { name: 'To', text: (i) => when(i.to), key: (i) => i.to, class: 'tight' },
    { name: 'Why', text: (i) => log(i.reason), key: (i) => i.reason, class: 'wide' },
  ], [], { sort: 3, down: true, limit: 40, empty: 'Nothing fired and nothing was blind.' });
  function draw() {
    const rows = HEALTH.intervals.filter((i) => (!picked.account || i.account === picked.account) && at(i.to) > picked.from);
    table.show(rows.filter((i) => i.state !== 'CLEAN'));
    const names = [...new Set(HEALTH.intervals.map((i) => i.detection))].sort();
    const [left, wide, tall] = [340, 1010, 20];
    const x = (ms) => left + (wide * (Math.max(ms, picked.from) - picked.from)) / Math.max(1, last - picked.from);
    const days = [];
    for (let day = Math.ceil(picked.from / (24 * HOUR)) * 24 * HOUR; day <= last; day += 24 * HOUR) days.push(day);
    const each = Math.ceil(days.length / 12);
    stage.replaceChildren(s('svg', { class: 'heat', width: left + wide + 10, height: names.length * tall + 28, role: 'group', 'aria-label': 'FIRED, CLEAN and BLIND intervals of each detection' },
      s('defs', {}, s('pattern', { id: 'hatch', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' }, s('rect', { width: 6, height: 6, class: 'hatch-ground' }), s('rect', { width: 3, height: 6, class: 'hatch-line' }))),
      days.filter((_, i) => i % each === 0).map((day) => s('g', { class: 'tick' }, s('line', { x1: x(day), x2: x(day), y1: 18, y2: names.length * tall + 24 }), s('text', { x: x(day) + 3, y: 12 }, iso(day).slice(5, 10)))),
      names.map((name, row) => {
        // Over all accounts the gravest is on top: clean, then blind, then fired.
        const mine = rows.filter((i) => i.detection === name).sort((a, b) => GRAVITY[a.state] - GRAVITY[b.state]);
        return s('g', {}, s('text', { x: left - 10, y: 22 + row * tall + 14, 'text-anchor': 'end' }, s('title', {}, name), detectionName(name)),
          mine.map((i) => {
            const text = `${detectionName(name)}, ${visible(i.account)}: ${i.state} ${when(i.from)} to ${when(i.to)}${i.reason ? ' · ' + visible(i.reason) : ''}`;
            const grave = i.state !== 'CLEAN';
            const tell = () => { said.textContent = text; };
            return s('rect', { class: i.state.toLowerCase(), x: x(at(i.from)), width: Math.max(1.5, x(at(i.to)) - x(at(i.from)) - 0.4), y: 22 + row * tall + 2, height: tall - 4,
              tabindex: grave ? 0 : null, role: grave ? 'button' : null, 'aria-label': grave ? text : null, onclick: tell, onfocus: tell }, s('title', {}, text));
          }));
      })));
  }
  draw();
  return [
    h('div', { class: 'filters' },
      h('label', {}, 'Account', h('select', { onchange: (event) => { picked.account = event.target.value; draw(); } }, h('option', { value: '' }, `all ${count(accounts.length)}, the gravest on top`), accounts.map((a) => h('option', { value: a }, a === '-' ? 'no account named' : visible(a))))),
      h('label', {}, 'Since', h('select', { onchange: (event) => { picked.from = event.target.value ? Math.max(first, last - event.target.value * 24 * HOUR) : first; draw(); } },
        [['14', '14 days'], ['7', '7 days'], ['2', '2 days'], ['', 'the beginning']].map(([value, text]) => h('option', { value }, text)))),
      h('div', { class: 'legend' }, ['FIRED', 'CLEAN', 'BLIND'].map((state) => h('span', { class: `state ${state.toLowerCase()}` }, state)))),
    stage, said, table.node, capped(HEALTH.intervals.length, HEALTH.intervals_total, 'intervals, the latest'),
  ];
}
