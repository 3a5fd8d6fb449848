/** The message catalogue: every text a person reads. English is the model; the others are checked against it by type and test. */
import { useSyncExternalStore } from 'react';
import { en } from './en';
import { es } from './es';
import { fr } from './fr';

export type MessageKey = keyof typeof en;
export type Catalogue = Readonly<Record<MessageKey, string>>;
export const LANGUAGES = ['en', 'fr', 'es'] as const;
export type Language = (typeof LANGUAGES)[number];
export const CATALOGUES: Readonly<Record<Language, Catalogue>> = { en, fr, es };

const STORAGE_KEY = 'hounsfield.language';
const listeners = new Set<() => void>();

/** A language that was kept somewhere, if it is one. */
export function languageOf(kept: unknown): Language | undefined {
  return LANGUAGES.find((language) => language === kept);
}

function preferred(): Language {
  try {
    const kept = languageOf(localStorage.getItem(STORAGE_KEY));
    if (kept) return kept;
  } catch {
    // Storage may be forbidden; the browser's language serves.
  }
  const wanted = globalThis.navigator?.languages ?? [];
  for (const tag of wanted) {
    const base = tag.split('-')[0] as Language;
    if (LANGUAGES.includes(base)) return base;
  }
  return 'en';
}

let language: Language = preferred();
if (globalThis.document) document.documentElement.lang = language;

export function currentLanguage(): Language {
  return language;
}

export function chooseLanguage(next: Language): void {
  language = next;
  document.documentElement.lang = next;
  try {
    localStorage.setItem(STORAGE_KEY, next);
  } catch {
    // Without storage the choice lasts until reload.
  }
  for (const listener of listeners) listener();
}

/** The text of a message in the current language; `{name}` is replaced by the value of that name. */
export function t(key: MessageKey, values: Readonly<Record<string, string | number>> = {}): string {
  return CATALOGUES[language][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Messages that speak of a number of things; what is said of one of them stands at `${key}.one`. */
export type CountedKey = { [K in MessageKey]: `${K}.one` extends MessageKey ? K : never }[MessageKey];

/** The text of a message about `number` things, in the form that the language has for so many; `{count}` is the number. */
export function tCount(
  key: CountedKey,
  number: number,
  values: Readonly<Record<string, string | number>> = {},
): string {
  const form: MessageKey = new Intl.PluralRules(language).select(number) === 'one' ? `${key}.one` : key;
  return t(form, { count: number.toLocaleString(language), ...values });
}

/** Re-renders the caller when the language changes. */
export function useLanguage(): Language {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => language,
  );
}
