import { describe, expect, it } from 'vitest';
import { checkOwnKeys, giveKey, judgeKey, resetKeys, takeKey, withOwnKeys } from '../src/commands/ownKeys';
import { type Command, commandForKey, digitOf, keyLabel, keyName } from '../src/commands/registry';
import { checkMouse, USUAL_MOUSE } from '../src/imaging/mouse';

const command = (id: string, ...keys: string[]): Command => ({
  id,
  title: 'app.name',
  group: 'general',
  keys,
  run: () => {},
});
const PAN = command('pan', 'p');
const PROBE = command('probe', 'q');
const NEXT = command('next', 'j', 'ArrowDown');
const PAGE = [PAN, PROBE, NEXT];
const keysOf = (commands: readonly Command[]) => Object.fromEntries(commands.map(({ id, keys }) => [id, keys]));

describe('own keys', () => {
  it('count instead of those that a command brings along, and are taken from whoever brought them along', () => {
    expect(withOwnKeys(PAGE, {})).toBe(PAGE);
    expect(keysOf(withOwnKeys(PAGE, { pan: ['q', 'F7'] }))).toEqual({
      pan: ['q', 'F7'],
      probe: [],
      next: ['j', 'ArrowDown'],
    });
    expect(keysOf(withOwnKeys(PAGE, { next: [] }))).toMatchObject({ next: [], pan: ['p'] });
    // Chosen for a command of another page: here the key is free.
    expect(withOwnKeys(PAGE, { elsewhere: ['p'] })).toBe(PAGE);
  });

  it('are given, taken and reset', () => {
    let own = giveKey({}, PAGE, 'pan', 'j');
    expect(own).toEqual({ pan: ['p', 'j'], next: ['ArrowDown'] });
    const shown = withOwnKeys(PAGE, own);
    expect(commandForKey('j', false, shown)?.id).toBe('pan');
    own = takeKey(own, shown[0] as Command, 'p');
    expect(own).toEqual({ pan: ['j'], next: ['ArrowDown'] });
    expect(resetKeys(own, 'pan')).toEqual({ next: ['ArrowDown'] });
  });

  it('of an older build or a stranger never break a page', () => {
    for (const kept of [null, 7, 'x', ['p']]) expect(checkOwnKeys(kept)).toBeUndefined();
    const kept = {
      pan: ['p'],
      long: ['x'.repeat(65)],
      many: ['1', '2', '3', '4', '5'],
      wrong: 'p',
      empty: [''],
      none: [],
    };
    expect(checkOwnKeys(kept)).toEqual({ pan: ['p'], none: [] });
  });

  it('are judged before they are given', () => {
    expect(['Shift', 'Ctrl+Control', 'Dead'].map(judgeKey)).toEqual(['wait', 'wait', 'wait']);
    expect(['Ctrl+w', 'F5', 'Tab', 'Shift+Tab'].map(judgeKey)).toEqual(Array(4).fill('browser'));
    expect(['w', 'Ctrl+Shift+F2', '+', 'Space'].map(judgeKey)).toEqual(Array(4).fill('good'));
  });

  it('that write a character do not run a command while somebody types', () => {
    const everywhere = { ...command('palette', 'k', 'Ctrl+k', 'Space'), everywhere: true };
    expect(commandForKey('k', true, [everywhere])).toBeUndefined();
    expect(commandForKey('Space', true, [everywhere])).toBeUndefined();
    expect(commandForKey('Ctrl+k', true, [everywhere])?.id).toBe('palette');
    expect(commandForKey('k', false, [everywhere])?.id).toBe('palette');
  });
});

describe('keyboards of other countries', () => {
  const press = (key: string, more: object = {}) => ({
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    ...more,
  });

  it('write [ with AltGr, which some systems tell as Ctrl and Alt', () => {
    const altGr = { ctrlKey: true, altKey: true, getModifierState: (name: string) => name === 'AltGraph' };
    expect(keyName(press('[', altGr))).toBe('[');
    expect(keyName(press('[', { ctrlKey: true, altKey: true }))).toBe('Ctrl+Alt+[');
  });

  it('have digits with Shift only, and mean them without', () => {
    expect(digitOf(press('&', { code: 'Digit1' }))).toBe('1');
    expect(digitOf(press('!', { code: 'Digit1', shiftKey: true }))).toBeUndefined();
    expect(digitOf(press('a', { code: 'KeyQ' }))).toBeUndefined();
  });

  it('have words on some keys', () => {
    expect(keyLabel('Ctrl+Delete')).toBe('Ctrl Del');
    expect(keyLabel('Ctrl++')).toBe('Ctrl +');
    expect(keyLabel('+')).toBe('+');
  });
});

describe('the mouse', () => {
  it('has the tools that were kept, and the usual ones where they are of no use', () => {
    expect(checkMouse(null)).toBeUndefined();
    expect(checkMouse({})).toEqual(USUAL_MOUSE);
    expect(checkMouse({ left: 'length', right: 'laser', wheel: 'zoom', ctrlWheel: 3 })).toEqual({
      ...USUAL_MOUSE,
      left: 'length',
      wheel: 'zoom',
    });
  });
});
