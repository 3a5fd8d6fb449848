/** Measurements as the figures and texts of a saved view. Pure. */
import type { Figure, FigureLabel, Measurement } from '../api/types';
import { lines } from './measuredText';
import type { Point } from './spacing';

/** Pixels of the image between a figure and its words, and from a line of words to the next, at a zoom of 1. */
const GAP = 8;
const LINE = 16;

/** zoom: CSS pixels per image pixel, as words are put beside the figures that the reader sees. */
export function figuresOf(
  measurements: readonly Measurement[],
  zoom: number,
): { figures: Figure[]; labels: FigureLabel[] } {
  const figures: Figure[] = [];
  const labels: FigureLabel[] = [];
  for (const measurement of measurements) {
    figures.push(...drawn(measurement));
    const words =
      measurement.kind === 'text' || measurement.kind === 'arrow' ? [measurement.label] : lines(measurement);
    const [column, row] = anchorOf(measurement, zoom);
    words.forEach((text, at) => {
      if (text.trim()) labels.push({ text, at: [column, row + (at * LINE) / zoom] });
    });
  }
  return { figures, labels };
}

function anchorOf({ kind, points }: Measurement, zoom: number): Point {
  const [first = [0, 0]] = points;
  if (kind === 'text') return first;
  const right = points.reduce((best, point) => (point[0] > best[0] ? point : best), first);
  return [right[0] + GAP / zoom, right[1]];
}

function drawn({ kind, points }: Measurement): Figure[] {
  const line = (...ends: readonly Point[]): Figure => ({ kind: 'POLYLINE', points: [...ends] });
  switch (kind) {
    case 'length':
    case 'angle':
    case 'arrow':
      return [line(...points)];
    case 'bidirectional':
    case 'cobb':
      return [line(...points.slice(0, 2)), line(...points.slice(2))];
    case 'rectangle':
    case 'freehand':
      return [line(...points, ...points.slice(0, 1))];
    case 'ellipse':
      return [{ kind: 'ELLIPSE', points: [...points] }];
    case 'probe':
      return [{ kind: 'POINT', points: [...points] }];
    default:
      return [];
  }
}
