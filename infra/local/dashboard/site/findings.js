// Findings: a table to sort and to filter, and a page for each with its evidence, down to the bytes.
const FINDINGS = DATA.findings.rows;
const chosen = { text: '', severities: new Set(), detection: '', account: '', day: '', closed: false };

function matches(f) {
  if (!chosen.closed && f.status === 'Resolved') return false;
  if (chosen.severities.size && !chosen.severities.has(f.severity_id)) return false;
  if (chosen.detection && f.detection !== chosen.detection) return false;
  if (chosen.account && (f.account ?? '') !== chosen.account) return false;
  if (chosen.day && f.window_start.slice(0, 10) !== chosen.day) return false;
  const words = chosen.text.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => f.searched.includes(word));
}

function findingsView() {
  for (const f of FINDINGS) {
    f.searched ??= [f.title, f.detection, f.account, f.actor_name, f.actor_uid, f.ip, f.resource_uid, f.resource_name, f.uid,
      ...f.requirement_ids, ...f.techniques].filter(Boolean).join(' ').toLowerCase();
  }
  const table = sortable([
    { name: 'Severity', text: (f) => severity(f.severity_id), key: (f) => f.severity_id, class: 'tight' },
    { name: 'Finding', text: (f) => h('a', { href: '#finding/' + enc(f.uid), class: 'title' }, log(f.title)), key: (f) => f.title, class: 'wide' },
    { name: 'Detection', text: (f) => h('span', { title: f.detection }, detectionName(f.detection)), key: (f) => f.detection },
    { name: 'Account', text: (f) => log(f.account), key: (f) => f.account },
    { name: 'Last seen (UTC)', text: (f) => h('time', { datetime: f.last_seen }, when(f.last_seen)), key: (f) => f.last_seen, class: 'tight' },
    { name: 'Events', text: (f) => count(f.count), key: (f) => f.count, numeric: true },
    { name: 'Status', text: (f) => f.status, key: (f) => f.status, class: 'tight' },
  ], [], { sort: 4, down: true, empty: 'No finding matches.', row: (f) => ({ class: f.status === 'Resolved' ? 'resolved' : null,
    onclick: (event) => { if (!event.target.closest('a') && !getSelection().toString()) location.hash = 'finding/' + enc(f.uid); } }) });
  const said = h('p', { class: 'said', role: 'status' });
  const chart = h('div', { class: 'chart' });
  const chips = h('div', { class: 'chips', role: 'group', 'aria-label': 'Severity' });
  const days = [...new Set(FINDINGS.map((f) => f.window_start.slice(0, 10)))].sort();
  const range = [];
  for (let day = Math.min(at(days[0]), at(days[days.length - 1]) - 20 * 24 * HOUR); days.length && day <= at(days[days.length - 1]); day += 24 * HOUR) range.push(iso(day).slice(0, 10));
  const shownDays = range.slice(-92);

  function draw() {
    const rows = FINDINGS.filter(matches);
    table.show(rows);
    said.textContent = `${plural(rows.length, 'finding')} of ${count(FINDINGS.length)}` + (chosen.day ? `, on ${chosen.day}` : '');
    const beside = (key, value) => FINDINGS.filter((f) => { const kept = chosen[key]; chosen[key] = value; const ok = matches(f); chosen[key] = kept; return ok; });
    const bySeverity = beside('severities', new Set());
    chips.replaceChildren(...SEVERITIES.filter(([id]) => FINDINGS.some((f) => f.severity_id === id)).map(([id, name]) =>
      h('button', { type: 'button', class: `chip s${id}`, 'aria-pressed': chosen.severities.has(id) ? 'true' : 'false', onclick: () => {
        if (!chosen.severities.delete(id)) chosen.severities.add(id);
        draw();
      } }, h('b', {}, count(bySeverity.filter((f) => f.severity_id === id).length)), ' ', name)));
    const byDay = new Map(shownDays.map((day) => [day, new Map()]));
    for (const f of beside('day', '')) {
      const there = byDay.get(f.window_start.slice(0, 10));
      if (there) there.set(f.severity_id, (there.get(f.severity_id) || 0) + 1);
    }
    chart.replaceChildren(bars(shownDays.map((day) => ({ name: day, parts: [...byDay.get(day)].sort((a, b) => b[0] - a[0]).map(([id, n]) => [`s${id}`, n]) })), {
      label: 'Findings a day, by severity', picked: (i) => !chosen.day || chosen.day === shownDays[i],
      onpick: (i) => { chosen.day = chosen.day === shownDays[i] ? '' : shownDays[i]; draw(); },
    }), h('div', { class: 'axis', 'aria-hidden': 'true' }, h('span', {}, shownDays[0] || ''), h('span', {}, 'findings a day; choose one to filter'), h('span', {}, shownDays[shownDays.length - 1] || '')));
  }
  const select = (key, label, values, text) => h('label', {}, label, h('select', { onchange: (event) => { chosen[key] = event.target.value; draw(); } },
    h('option', { value: '' }, 'all'), values.map((value) => h('option', { value, selected: chosen[key] === value }, visible(text ? text(value) : value)))));
  const distinct = (key) => [...new Set(FINDINGS.map((f) => f[key]).filter(Boolean))].sort();
  draw();
  return [
    h('h1', {}, 'Findings'),
    h('div', { class: 'filters' },
      h('label', { class: 'search' }, 'Search', h('input', { type: 'search', value: chosen.text, placeholder: 'who, what, where', oninput: (event) => { chosen.text = event.target.value; draw(); } })),
      select('detection', 'Detection', distinct('detection'), detectionName), select('account', 'Account', distinct('account')),
      h('label', { class: 'check' }, h('input', { type: 'checkbox', checked: chosen.closed, onchange: (event) => { chosen.closed = event.target.checked; draw(); } }), 'resolved too'),
      chips),
    chart, said, table.node, capped(FINDINGS.length, DATA.findings.total, 'findings, the most severe and latest'),
  ];
}

const facts = (pairs) => h('dl', { class: 'facts' }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== '')
  .map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value instanceof Node ? value : log(value)))));

function detailOf(f) {
  let detail = null;
  try { detail = JSON.parse(f.detail); } catch { return f.detail ? [['detail', log(f.detail)]] : []; }
  return Object.entries(detail || {}).map(([name, value]) => [visible(name).replaceAll('_', ' '), log(Array.isArray(value) ? value.join(', ') : typeof value === 'object' && value ? JSON.stringify(value) : value)]);
}

function recordOf(uid, place) {
  const record = DATA.evidence.rows[uid];
  if (!record) return h('li', { class: 'record' }, h('header', {}, h('b', {}, `${place}`), ' ', h('code', {}, uid)), h('p', { class: 'note' }, 'Its bytes are in the lake, not on this page.'));
  const text = h('pre', { class: 'raw', tabindex: 0, 'aria-label': 'raw record' }, h('bdi', {}, visible(record.raw)));
  let indented = false;
  const whole = record.raw.length === record.length;
  const turn = whole && /^\s*[[{]/.test(record.raw) ? h('button', { type: 'button', onclick: () => {
    indented = !indented;
    let shown = record.raw;
    if (indented) try { shown = JSON.stringify(JSON.parse(record.raw), null, 2); } catch { /* not JSON: as it came */ }
    text.replaceChildren(h('bdi', {}, visible(shown)));
    turn.textContent = indented ? 'as delivered' : 'indented';
  } }, 'indented') : null;
  return h('li', { class: 'record' },
    h('header', {}, h('b', {}, `${place}`), h('time', {}, when(record.time)), log(record.operation, { class: 'operation' }), h('span', { class: 'dim' }, record.source), turn),
    facts([['object', record.object_uri], ['record number', h('span', {}, count(record.record_no))], ['event_uid', h('code', {}, uid)]]),
    text, whole ? null : h('p', { class: 'note' }, `The first ${count(record.raw.length)} of ${count(record.length)} characters.`));
}

function findingView(uid) {
  const f = FINDINGS.find((one) => one.uid === uid);
  if (!f) return [h('h1', {}, 'No such finding'), h('p', {}, link('findings', 'All findings'))];
  const d = DATA.detections.find((one) => one.uid === f.detection) || {};
  const told = (name, text) => (text ? h('details', {}, h('summary', {}, name), h('p', { class: 'prose' }, text)) : null);
  const listed = f.evidence.slice(0, DATA.evidence.each);
  const shown = listed.filter((one) => DATA.evidence.rows[one]).length;
  const query = `catchment sql "select b.object_uri, b.record_no, b.raw from (select unnest(evidence_event_uids) as event_uid from findings.findings where finding_uid = '${f.uid}') as f join bronze.${(DATA.evidence.rows[f.evidence[0]] || {}).source || '<source>'} as b using (event_uid)"`;
  return [
    h('p', { class: 'crumb' }, link('findings', '← Findings')),
    h('h1', {}, severity(f.severity_id), ' ', log(f.title)),
    h('p', { class: 'lead' }, f.description),
    facts([
      ['detection', h('span', {}, d.title || f.detection, ' ', h('code', {}, f.detection))], ['status', h('span', {}, f.status)],
      ['first seen (UTC)', h('time', {}, when(f.first_seen))], ['last seen (UTC)', h('time', {}, when(f.last_seen))], ['events', h('span', {}, count(f.count))],
      ['actor', f.actor_name], ['actor id', f.actor_uid === f.actor_name ? null : f.actor_uid], ['from', f.ip],
      ['account', f.account], ['region', f.region], ['resource', f.resource_name || f.resource_uid], ['resource type', f.resource_type],
      ['suppressed by', f.suppressed_by],
      ['ATT&CK', h('span', {}, f.techniques.join(', '))], ['requirements', h('span', {}, f.requirement_ids.map((id, i) => [i ? ', ' : '', link('coverage/' + enc(id), id)]))],
      ['finding_uid', h('code', {}, f.uid)], ['revision', h('span', {}, `${f.revision}, ${f.revision_kind}`)],
      ...detailOf(f),
    ]),
    told('Runbook', d.runbook), told('What else it may be', d.false_positives), told('What it cannot see', d.blind_spots),
    h('h2', {}, 'Evidence'),
    h('p', { class: 'note' }, `${count(shown)} of ${plural(f.count, 'event')} with their bytes, exactly as delivered.`),
    h('ol', { class: 'records' }, listed.map((one, place) => recordOf(one, place + 1))),
    h('details', {}, h('summary', {}, 'All of it, out of the lake'), h('pre', { class: 'raw', tabindex: 0 }, query)),
  ];
}
