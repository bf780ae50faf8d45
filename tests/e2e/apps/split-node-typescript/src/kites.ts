export interface Kite {
  /** Square metres. */
  area: number;
  /** Degrees against the wind. */
  angle: number;
}

/** The lift in newtons at a wind in metres a second. */
export function lift(kite: Kite, wind: number): number {
  const slope = Math.sin((kite.angle * Math.PI) / 180);
  return Math.round(0.5 * 1.2 * kite.area * slope * wind * wind * 100) / 100;
}
