import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readOutcome } from '../src/api/upload';
import { routeOf } from '../src/app/router';
import { type Command, commandForKey, keyLabel, keyName } from '../src/commands/registry';
import { commandsNamed } from '../src/commands/search';
import { viewerCommands } from '../src/features/viewer/commands';
import { CATALOGUES, LANGUAGES } from '../src/i18n';
import { ageOf, daysBetween, dicomDate, dicomTime, personName } from '../src/ui/format';

const SOURCE = fileURLToPath(new URL('../src/', import.meta.url));

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? sources(path) : /\.tsx?$/.test(name) ? [path] : [];
  });
}

describe('layers', () => {
  const imports = sources(SOURCE).flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => {
      const target = match[1] as string;
      return {
        from: relative(SOURCE, path),
        to: target.startsWith('.') ? relative(SOURCE, join(path, '..', target)) : target,
      };
    }),
  );
  const folder = (path: string) =>
    path
      .split('/')
      .slice(0, path.startsWith('features/') ? 2 : 1)
      .join('/');

  it('features do not import each other, nor the app', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        from.startsWith('features/') &&
        ((to.startsWith('features/') && folder(to) !== folder(from)) || to.startsWith('app/')),
    );
    expect(wrong).toEqual([]);
  });

  it('only imaging knows the renderer', () => {
    const wrong = imports.filter(
      ({ from, to }) => /^(@cornerstonejs|@kitware|dicom-parser)/.test(to) && !from.startsWith('imaging/'),
    );
    expect(wrong).toEqual([]);
  });

  it('shared folders know no feature', () => {
    const wrong = imports.filter(
      ({ from, to }) => /^(ui|api|i18n|imaging|commands)\//.test(from) && /^(features|app)\//.test(to),
    );
    expect(wrong).toEqual([]);
  });
});

describe('languages', () => {
  const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
  for (const language of LANGUAGES) {
    it(`${language} says everything, with the same placeholders`, () => {
      expect(Object.keys(CATALOGUES[language]).sort()).toEqual(Object.keys(CATALOGUES.en).sort());
      for (const [key, text] of Object.entries(CATALOGUES.en)) {
        const other = CATALOGUES[language][key as keyof typeof CATALOGUES.en];
        expect(other.trim(), key).not.toBe('');
        expect(places(other), key).toEqual(places(text));
      }
    });
  }

  it('say each thing in one area only', () => {
    const catalogues = sources(join(SOURCE, 'i18n')).filter((path) => path.endsWith('.en.ts'));
    const keys = catalogues.flatMap((path) => readFileSync(path, 'utf8').match(/^ {2}'[^']+'(?=:)/gm) ?? []);
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
    expect(keys.length).toBe(Object.keys(CATALOGUES.en).length);
  });

  it('are translated, not copied', () => {
    for (const language of ['fr', 'es'] as const) {
      const same = Object.entries(CATALOGUES.en).filter(
        ([key, text]) => text === CATALOGUES[language][key as keyof typeof CATALOGUES.en],
      );
      expect(same.length / Object.keys(CATALOGUES.en).length).toBeLessThan(0.2);
    }
  });
});

describe('commands', () => {
  const press = (key: string, more: Partial<KeyboardEvent> = {}) =>
    keyName({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

  it('have names for keys', () => {
    expect(press('W')).toBe('w');
    expect(press(' ')).toBe('Space');
    expect(press('?', { shiftKey: true })).toBe('?');
    expect(press('k', { metaKey: true })).toBe('Ctrl+k');
    expect(press('Tab', { shiftKey: true })).toBe('Shift+Tab');
    expect(keyLabel('Ctrl+k')).toBe('Ctrl K');
  });

  it('leave typing alone, unless they work everywhere', () => {
    const command = (id: string, key: string, everywhere = false): Command => ({
      id,
      title: 'app.name',
      group: 'general',
      keys: [key],
      everywhere,
      run: () => {},
    });
    const all = [command('one', 'a'), command('palette', 'Ctrl+k', true), command('page', 'a')];
    expect(commandForKey('a', false, all)?.id).toBe('page');
    expect(commandForKey('a', true, all)).toBeUndefined();
    expect(commandForKey('Ctrl+k', true, all)?.id).toBe('palette');
  });

  it('are found by their words, those that begin so first', () => {
    const of = (id: string, name: string): Command => ({
      id,
      title: 'cmd.language',
      titleValues: { name },
      group: 'general',
      run: () => {},
    });
    const all = [of('within', 'Surimpressions'), of('begins', 'MPR'), of('other', 'Zoom')];
    expect(commandsNamed('mpr', all).map(({ id }) => id)).toEqual(['begins', 'within']);
    expect(commandsNamed(' LANG  zoo', all).map(({ id }) => id)).toEqual(['other']);
    expect(commandsNamed('', all)).toEqual(all);
    expect(commandsNamed('mpr zoom', all)).toEqual([]);
  });

  it('of the viewer never share a key', () => {
    const commands = viewerCommands({ getState: () => ({}) } as never, {
      backToWorklist: () => {},
      toggleFullScreen: () => {},
      modality: 'CT',
      offered: ['', 'one', 'two'],
      measurements: {
        toggleKey() {},
        undo() {},
        redo() {},
        remove() {},
        save: async () => {},
        getState: () => ({}) as never,
      },
      askSize: () => {},
      maySave: true,
      togglePanel: () => {},
      hanger: { chooseLayout: () => {} },
      goTo: () => {},
      keepHanging: () => {},
      editHanging: () => {},
    });
    const keys = commands.flatMap((command) => command.keys ?? []);
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(commands.map((command) => command.id)).size).toBe(commands.length);
  });
});

describe('store answers', () => {
  const sequence = (tag: string, item: object) => JSON.stringify({ [tag]: { vr: 'SQ', Value: [item] } });
  it('are read by sequence and header', () => {
    expect(readOutcome(200, sequence('00081199', {}))).toEqual({ kind: 'stored' });
    expect(readOutcome(200, sequence('00081199', {}), 'duplicate=1')).toEqual({ kind: 'duplicate' });
    const kept = { '00081196': { vr: 'US', Value: [0xb007] } };
    expect(readOutcome(202, sequence('00081199', kept), 'kept-aside-uid=1')).toEqual({ kind: 'kept', patient: false });
    const failed = { '00081197': { vr: 'US', Value: [0xc000] } };
    expect(readOutcome(409, sequence('00081198', failed))).toEqual({ kind: 'rejected', reason: '', code: '0xC000' });
    expect(readOutcome(400, sequence('0008119A', failed))).toMatchObject({ kind: 'rejected' });
    expect(readOutcome(503, '<html>')).toEqual({ kind: 'failed', reason: 'HTTP 503' });
    expect(readOutcome(413, '')).toMatchObject({ kind: 'rejected', code: 'HTTP 413' });
  });
});

describe('values', () => {
  it('are shown as people read them', () => {
    expect(dicomDate('20261121')).toBe('2026-11-21');
    expect(dicomDate('soon')).toBe('soon');
    expect(dicomTime('134502.1')).toBe('13:45');
    expect(personName('Yamada^Tarou=山田^太郎=やまだ^たろう')).toBe('Yamada, Tarou (山田, 太郎)');
    expect(personName('=山田^太郎')).toBe('山田, 太郎');
    expect(personName('^^')).toBe('');
  });

  it('count the time between studies', () => {
    expect(daysBetween('20250101', '20250301')).toBe(59);
    expect(daysBetween('', '20250301')).toBeUndefined();
    expect(ageOf(14)).toEqual({ unit: 'days', count: 14 });
    expect(ageOf(426)).toEqual({ unit: 'months', count: 14 });
    expect(ageOf(1500)).toEqual({ unit: 'years', count: 4 });
  });
});

describe('routes', () => {
  it('take UIDs only', () => {
    expect(routeOf('/')).toEqual({ page: 'worklist' });
    expect(routeOf('/viewer/1.2.3')).toEqual({ page: 'viewer', studyUid: '1.2.3' });
    expect(routeOf('/viewer/<script>')).toEqual({ page: 'unknown' });
  });
});
