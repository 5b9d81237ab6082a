// What people are told an island is, and its name: the same number as on the command line and in every export.

export const ISLAND = "An island: recordings that share one clock. Two islands share none.";

export function islandName(number: number): string {
  return `island ${number}`;
}
