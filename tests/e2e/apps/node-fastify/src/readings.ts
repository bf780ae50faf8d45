export interface Reading {
  station: string;
  celsius: number;
  hectopascals: number;
}

export const readings: Reading[] = [
  { station: 'coast', celsius: 11.5, hectopascals: 1009 },
  { station: 'ridge', celsius: 3.25, hectopascals: 871 },
  { station: 'valley', celsius: 14, hectopascals: 1002 },
];

export function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
