// Colours of the pictures, for light and dark pages, told apart by colour-blind eyes too: blue, green, violet and grey
// differ in lightness as well, and no meaning rests on colour alone. Written as plain rules, each colour in its place:
// viewers that don't know CSS variables draw these pictures as well.

export interface Colours {
  readonly page: string;
  readonly frame: string;
  readonly text: string;
  readonly faint: string;
  readonly line: string;
  readonly grid: string;
  readonly chip: string;
  readonly critical: string;
  readonly failed: string;
  readonly failedFill: string;
  readonly mark: string;
  readonly markFill: string;
  readonly waiting: string;
  readonly terminal: string;
  readonly terminalText: string;
  readonly kinds: Readonly<
    Record<'run' | 'call' | 'strategy' | 'value', { readonly fill: string; readonly edge: string }>
  >;
}

const light: Colours = {
  page: '#ffffff',
  frame: '#d8dee6',
  text: '#1b2430',
  faint: '#5b6675',
  line: '#8592a3',
  grid: '#e6eaef',
  chip: '#ffffff',
  critical: '#d9480f',
  failed: '#b3261e',
  failedFill: '#fdeceb',
  mark: '#7a4b00',
  markFill: '#ffe8b8',
  waiting: '#b9c3cf',
  terminal: '#27313f',
  terminalText: '#ffffff',
  kinds: {
    call: { fill: '#e7f1fc', edge: '#2b6cb8' },
    run: { fill: '#e2f5ec', edge: '#0a7d5a' },
    strategy: { fill: '#f5e9f7', edge: '#8e4aa0' },
    value: { fill: '#f1f3f5', edge: '#697586' },
  },
};

const dark: Colours = {
  page: '#0f151c',
  frame: '#2b3643',
  text: '#e7edf4',
  faint: '#9aa7b6',
  line: '#748294',
  grid: '#202a35',
  chip: '#0f151c',
  critical: '#ff9d4d',
  failed: '#ff8a80',
  failedFill: '#3a1a1a',
  mark: '#ffd27a',
  markFill: '#47340f',
  waiting: '#465364',
  terminal: '#d9e2ec',
  terminalText: '#141b24',
  kinds: {
    call: { fill: '#12273f', edge: '#6db3f8' },
    run: { fill: '#0f2b24', edge: '#4fd0a5' },
    strategy: { fill: '#2e1c38', edge: '#d39ae4' },
    value: { fill: '#1c242e', edge: '#93a1b2' },
  },
};

export type ThemeName = 'auto' | 'light' | 'dark';

/** A style sheet: `auto` follows the reader's preference. */
export function themed(theme: ThemeName, rules: (colours: Colours) => string): string {
  if (theme !== 'auto') return rules(theme === 'dark' ? dark : light);
  return `${rules(light)}@media (prefers-color-scheme: dark) {\n${rules(dark)}}\n`;
}

/** Names that are everywhere, widths that `textWidth` knows. */
export const fontFamily = "Helvetica, Arial, 'Liberation Sans', sans-serif";
export const monospaceFamily = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace";
