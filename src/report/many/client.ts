/**
 * What the comparison page does with a script, in plain browser JavaScript: switches of runs, pointing at a run, sorting,
 * filtering, ranges on the axes, scatter and series. All names reach the page through textContent or the DOM's attributes, never as
 * markup. Without it the page shows everything but scatter and series.
 */
export const CLIENT = String.raw`
'use strict';
(() => {
  const NS = 'http://www.w3.org/2000/svg';
  const make = (name, attributes = {}, text) => {
    const node = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const short = (value) => {
    const size = Math.abs(value);
    if (value === 0) return '0';
    return size >= 1e6 || size < 1e-4 ? value.toExponential(1) : String(Number(value.toPrecision(4)));
  };
  const ticks = (min, max) => {
    if (!(max > min)) return [min];
    const rough = (max - min) / 5;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = ([1, 2, 2.5, 5, 10].find((nice) => nice * power >= rough) ?? 10) * power;
    const found = [];
    for (let k = Math.ceil(min / step - 1e-9); k * step <= max + step * 1e-9; k++) found.push(Number((k * step).toPrecision(12)));
    return found;
  };
  const padded = (values) => {
    const known = values.filter((value) => typeof value === 'number' && Number.isFinite(value));
    if (known.length === 0) return [0, 1];
    const min = known.reduce((a, b) => Math.min(a, b));
    const max = known.reduce((a, b) => Math.max(a, b));
    const pad = (max - min || Math.abs(max) || 1) * 0.06;
    return [min - pad, max + pad];
  };

  /** Axes, grid and what is drawn on them; x may be a list of texts. */
  const frame = (svg, options) => {
    const box = { width: 1000, height: 380, left: 66, right: 20, top: 14, bottom: 46 };
    svg.replaceChildren();
    svg.setAttribute('viewBox', '0 0 ' + box.width + ' ' + box.height);
    const isSteps = Array.isArray(options.steps);
    const [x0, x1] = isSteps ? [-0.5, options.steps.length - 0.5] : options.x;
    const [y0, y1] = options.y;
    const bend = options.logX ? (value) => Math.log10(value) : (value) => value;
    const px = (value) => box.left + ((bend(value) - bend(x0)) / (bend(x1) - bend(x0) || 1)) * (box.width - box.left - box.right);
    const py = (value) => box.height - box.bottom - ((value - y0) / (y1 - y0 || 1)) * (box.height - box.top - box.bottom);
    const vertical = isSteps
      ? options.steps.map((text, at) => [at, text])
      : options.logX
        ? Array.from({ length: 40 }, (_, k) => 10 ** (k - 20)).filter((value) => value >= x0 && value <= x1).map((value) => [value, short(value)])
        : ticks(x0, x1).map((value) => [value, short(value)]);
    for (const [value, text] of vertical) {
      svg.append(make('line', { class: 'grid', x1: px(value), x2: px(value), y1: box.top, y2: box.height - box.bottom }));
      svg.append(make('text', { class: 'tick', x: px(value), y: box.height - box.bottom + 17, 'text-anchor': 'middle' }, String(text).slice(0, 18)));
    }
    for (const value of ticks(y0, y1)) {
      svg.append(make('line', { class: 'grid', x1: box.left, x2: box.width - box.right, y1: py(value), y2: py(value) }));
      svg.append(make('text', { class: 'tick', x: box.left - 7, y: py(value) + 4, 'text-anchor': 'end' }, short(value)));
    }
    svg.append(make('text', { class: 'axis', x: (box.left + box.width - box.right) / 2, y: box.height - 8, 'text-anchor': 'middle' }, options.xTitle));
    svg.append(make('text', { class: 'axis', transform: 'translate(14 ' + (box.top + box.height - box.bottom) / 2 + ') rotate(-90)', 'text-anchor': 'middle' }, options.yTitle));
    svg.setAttribute('aria-label', options.yTitle + ' over ' + options.xTitle);
    return { px, py };
  };

  for (const article of document.querySelectorAll('article')) start(article);

  function start(article) {
    const data = JSON.parse(article.querySelector('script[type="application/json"]').textContent);
    const off = new Set();
    const out = new Set();
    const find = (selector) => article.querySelector(selector);
    const all = (selector) => [...article.querySelectorAll(selector)];
    const runClass = (index) => 'line-' + data.runs[index].colour;

    const refresh = () => {
      for (const node of all('svg [data-run]')) {
        const run = Number(node.dataset.run);
        node.classList.toggle('off', off.has(run));
        node.classList.toggle('out', out.has(run));
      }
    };
    const point = (run) => {
      article.classList.toggle('pointing', run !== undefined);
      for (const node of all('[data-run]')) node.classList.toggle('pointed', run !== undefined && Number(node.dataset.run) === run);
    };
    article.addEventListener('pointerover', (event) => {
      const node = event.target.closest('[data-run]');
      point(node ? Number(node.dataset.run) : undefined);
    });
    article.addEventListener('pointerleave', () => point(undefined));
    article.addEventListener('focusin', (event) => {
      const node = event.target.closest('[data-run]');
      point(node ? Number(node.dataset.run) : undefined);
    });
    article.addEventListener('focusout', () => point(undefined));

    for (const box of all('input[data-switch]')) {
      box.addEventListener('change', () => {
        if (box.checked) off.delete(Number(box.dataset.switch));
        else off.add(Number(box.dataset.switch));
        refresh();
      });
    }
    find('[data-all]')?.addEventListener('click', () => {
      const show = off.size > 0;
      for (const box of all('input[data-switch]')) {
        box.checked = show || box.dataset.keep === 'yes';
        if (box.checked) off.delete(Number(box.dataset.switch));
        else off.add(Number(box.dataset.switch));
      }
      refresh();
    });

    for (const button of all('thead button')) {
      button.addEventListener('click', () => {
        const head = button.closest('th');
        const table = head.closest('table');
        const column = [...head.parentNode.children].indexOf(head);
        const descending = head.getAttribute('aria-sort') === 'ascending';
        for (const other of table.querySelectorAll('thead th[aria-sort]')) other.setAttribute('aria-sort', 'none');
        head.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
        const key = (row) => row.children[column].dataset.value ?? row.children[column].textContent.trim();
        const rows = [...table.tBodies[0].rows];
        rows.sort((a, b) => {
          const [one, other] = [key(a), key(b)];
          if (one === '' || other === '') return (one === '') - (other === '');
          const order = !Number.isNaN(Number(one)) && !Number.isNaN(Number(other)) ? Number(one) - Number(other) : one.localeCompare(other);
          return descending ? -order : order;
        });
        table.tBodies[0].append(...rows);
      });
    }

    for (const input of all('input[data-filter]')) {
      const rows = [...find('#' + CSS.escape(input.dataset.filter)).tBodies[0].rows];
      input.addEventListener('input', () => {
        for (const row of rows) row.hidden = !row.cells[0].textContent.toLowerCase().includes(input.value.trim().toLowerCase());
      });
    }
    for (const input of all('input[data-equal]')) {
      const rows = [...find('#' + CSS.escape(input.dataset.equal)).tBodies[0].rows];
      const update = () => {
        for (const row of rows) row.hidden = row.dataset.same === 'yes' && !input.checked;
      };
      input.addEventListener('change', update);
      update();
    }

    parallel();
    scatter();
    series();
    refresh();

    /** A range on an axis: drag along it; a click takes it away. */
    function parallel() {
      const svg = find('svg.parallel');
      if (!svg) return;
      const ranges = new Map();
      const top = Number(svg.dataset.top);
      const bottom = Number(svg.dataset.bottom);
      const place = (event) => {
        const box = svg.getBoundingClientRect();
        const y = ((event.clientY - box.top) / box.height) * svg.viewBox.baseVal.height;
        return Math.min(1, Math.max(0, (bottom - y) / (bottom - top)));
      };
      const apply = () => {
        out.clear();
        for (const [axis, [low, high]] of ranges) {
          data.axes[axis].places.forEach((at, run) => {
            if (at === null || at < low - 1e-9 || at > high + 1e-9) out.add(run);
          });
        }
        refresh();
        const kept = data.runs.length - out.size;
        find('[data-kept]').textContent = ranges.size === 0 ? '' : kept + ' of ' + data.runs.length + ' runs within the ranges';
      };
      for (const grip of svg.querySelectorAll('.grip')) {
        const axis = Number(grip.dataset.axis);
        const brush = make('rect', { class: 'brush', x: Number(grip.getAttribute('x')) + 8, width: 16, height: 0 });
        svg.append(brush);
        let from;
        const show = (low, high) => {
          brush.setAttribute('y', bottom - high * (bottom - top));
          brush.setAttribute('height', Math.max(0, (high - low) * (bottom - top)));
        };
        grip.addEventListener('pointerdown', (event) => {
          from = place(event);
          grip.setPointerCapture(event.pointerId);
          event.preventDefault();
        });
        grip.addEventListener('pointermove', (event) => {
          if (from === undefined) return;
          const to = place(event);
          show(Math.min(from, to), Math.max(from, to));
        });
        grip.addEventListener('pointerup', (event) => {
          if (from === undefined) return;
          const to = place(event);
          const range = [Math.min(from, to), Math.max(from, to)];
          from = undefined;
          if (range[1] - range[0] < 0.02) {
            ranges.delete(axis);
            show(0, 0);
          } else ranges.set(axis, range);
          apply();
        });
      }
    }

    function scatter() {
      const svg = find('svg.scatter');
      if (!svg) return;
      const [chooseX, chooseY] = [find('[data-scatter="x"]'), find('[data-scatter="y"]')];
      data.fields.forEach((field, at) => {
        for (const choose of [chooseX, chooseY]) choose.add(new Option(field.name, String(at)));
      });
      const at = (test) => String(Math.max(0, data.fields.findIndex(test)));
      chooseX.value = at((field) => !field.metric && field.values.some((value) => typeof value === 'number'));
      chooseY.value = at((field) => field.metric && field.name === data.ranked);
      const draw = () => {
        const x = data.fields[Number(chooseX.value)];
        const y = data.fields[Number(chooseY.value)];
        const isText = x.values.some((value) => value !== null && typeof value !== 'number');
        const steps = isText ? [...new Set(x.values.filter((value) => value !== null).map(String))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })) : undefined;
        const numbers = x.values.filter((value) => typeof value === 'number');
        const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
        const logX = !isText && !x.metric && low > 0 && high / low >= 30;
        const spread = logX ? [low / 1.3, high * 1.3] : padded(x.values);
        const yValues = y.values.filter((value) => typeof value === 'number');
        const range = padded([...yValues, ...(y.low ?? []), ...(y.high ?? [])]);
        const { px, py } = frame(svg, { x: spread, y: range, steps, logX, xTitle: x.name + (logX ? ' (log)' : ''), yTitle: y.name });
        data.runs.forEach((run, index) => {
          const [one, other] = [x.values[index], y.values[index]];
          if (one === null || one === undefined || typeof other !== 'number') return;
          const at = px(steps ? steps.indexOf(String(one)) : one);
          const group = make('g', { 'data-run': index, tabindex: 0, role: 'img', 'aria-label': run.name + ': ' + x.name + ' ' + one + ', ' + y.name + ' ' + short(other) });
          if (y.low?.[index] != null) group.append(make('line', { class: 'line error ' + runClass(index), x1: at, x2: at, y1: py(y.low[index]), y2: py(y.high[index]) }));
          const dot = make('circle', { class: 'dot ' + runClass(index), cx: at, cy: py(other), r: run.baseline ? 7 : 6 });
          dot.append(make('title', {}, run.name + (run.baseline ? ' (baseline)' : '') + '\n' + x.name + ': ' + one + '\n' + y.name + ': ' + short(other)));
          group.append(dot);
          svg.append(group);
        });
        refresh();
      };
      chooseX.addEventListener('change', draw);
      chooseY.addEventListener('change', draw);
      draw();
    }

    /** Exponential moving average without the bias of its start (Kingma and Ba, 2015, section 3). */
    function smoothed(values, weight) {
      let sum = 0;
      let norm = 0;
      return values.map((value) => {
        if (value === null) return null;
        sum = weight * sum + (1 - weight) * value;
        norm = weight * norm + (1 - weight);
        return sum / norm;
      });
    }

    function series() {
      const svg = find('svg.series');
      if (!svg) return;
      const choose = find('[data-series]');
      const slider = find('[data-smooth]');
      const scaleY = find('[data-log]');
      const draw = () => {
        const name = choose.value;
        const weight = Number(slider.value) / 100;
        find('[data-smooth-value]').textContent = weight.toFixed(2);
        const lines = data.series.filter((line) => line.name === name);
        const positive = lines.every((line) => line.values.every((value) => value === null || value > 0));
        scaleY.disabled = !positive;
        const isLog = scaleY.checked && positive;
        const bend = isLog ? (value) => (value === null ? null : Math.log10(value)) : (value) => value;
        const drawn = lines.map((line) => ({ ...line, raw: line.values.map(bend), smooth: smoothed(line.values, weight).map(bend) }));
        const range = padded(drawn.flatMap((line) => line.raw));
        const steps = drawn.flatMap((line) => line.steps);
        const first = steps.reduce((a, b) => Math.min(a, b), Infinity);
        const last = steps.reduce((a, b) => Math.max(a, b), -Infinity);
        const { px, py } = frame(svg, { x: last > first ? [first, last] : [first - 1, first + 1], y: range, xTitle: 'step', yTitle: name + (isLog ? ' (log10)' : '') });
        const path = (line, values) => {
          let open = false;
          return values.map((value, i) => {
            if (value === null) { open = false; return ''; }
            const command = (open ? 'L' : 'M') + px(line.steps[i]).toFixed(1) + ' ' + py(value).toFixed(1);
            open = true;
            return command;
          }).join('');
        };
        for (const line of drawn) {
          if (weight > 0) svg.append(make('path', { class: 'line faint ' + runClass(line.run), 'data-run': line.run, d: path(line, line.raw) }));
        }
        for (const line of drawn) {
          const node = make('path', { class: 'line ' + runClass(line.run), 'data-run': line.run, d: path(line, line.smooth) });
          node.append(make('title', {}, data.runs[line.run].name + (line.seed === null ? '' : ', seed ' + line.seed)));
          svg.append(node);
        }
        refresh();
      };
      for (const control of [choose, slider, scaleY]) control.addEventListener('input', draw);
      draw();
    }
  }
  document.documentElement.classList.add('js');
})();
`;
