// Times as people read them. Nothing here rounds a doubt down.

const DAY_S = 86_400;

/** `3:13.894`, `1:03:13.894`, `2d 01:03:13.894`; `digits` after the second. */
export function running(seconds: number, digits = 3): string {
  const unit = 10 ** digits;
  const ticks = Math.round(Math.abs(seconds) * unit);
  const sign = seconds < 0 && ticks > 0 ? "−" : "";
  const whole = Math.floor(ticks / unit);
  const fraction = digits ? "." + String(ticks % unit).padStart(digits, "0") : "";
  const days = Math.floor(whole / DAY_S);
  const hours = Math.floor((whole % DAY_S) / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const tail = two(whole % 60) + fraction;
  if (days) return `${sign}${days}d ${two(hours)}:${two(minutes)}:${tail}`;
  if (hours) return `${sign}${hours}:${two(minutes)}:${tail}`;
  return `${sign}${minutes}:${tail}`;
}

/** `hh:mm:ss:ff`, where `ff` counts the frames since the second began. */
export function timecode(seconds: number, frame_in_second: number): string {
  const whole = Math.floor(Math.max(seconds, 0));
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}:${two(frame_in_second)}`;
}

/** One standard deviation as `±14 ms`, rounded up; the same steps as the terminal's. */
export function doubt(sigma: number): string {
  const ms = sigma * 1000;
  if (!Number.isFinite(ms)) return "±?";
  if (ms <= 0) return "±0 ms";
  const tenths = Math.ceil(ms * 10 - 1e-6);
  if (tenths < 10) return `±0.${tenths} ms`;
  if (Math.ceil(ms - 1e-6) < 1000) return `±${Math.ceil(ms - 1e-6)} ms`;
  const tenths_s = Math.ceil(sigma * 10 - 1e-6);
  if (tenths_s < 600) return `±${Math.floor(tenths_s / 10)}.${tenths_s % 10} s`;
  return `±${Math.ceil(sigma / 60 - 1e-6)} min`;
}

/** A length as a sentence says it: `37.8 s`, `4 min 12 s`, `3 h 5 min`. */
export function length(seconds: number): string {
  const tenths = Math.round(seconds * 10);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}

/** A small signed time, for residuals and nudges: `+12.4 ms`, `−1.203 s`. */
export function signed(seconds: number): string {
  const sign = seconds < 0 ? "−" : "+";
  const size = Math.abs(seconds);
  if (size < 0.9995) return `${sign}${(size * 1000).toFixed(1)} ms`;
  return `${sign}${size.toFixed(3)} s`;
}

/** Seconds since 1970 as a clock on the wall, `zone_min` minutes east of Greenwich. */
export function wall(unix: number, zone_min: number, digits = 3): string {
  const unit = 10 ** digits;
  const local = Math.round((unix + zone_min * 60) * unit);
  const of_day = ((local % (DAY_S * unit)) + DAY_S * unit) % (DAY_S * unit);
  const whole = Math.floor(of_day / unit);
  const fraction = digits ? "." + String(of_day % unit).padStart(digits, "0") : "";
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}${fraction}`;
}

/** `2026-02-10`. */
export function day(unix: number, zone_min: number): string {
  return new Date((unix + zone_min * 60) * 1000).toISOString().slice(0, 10);
}

/** `UTC`, `UTC−05:00`. */
export function zone(zone_min: number): string {
  if (zone_min === 0) return "UTC";
  const size = Math.abs(zone_min);
  return `UTC${zone_min < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** `27.9 MB`. */
export function bytes(count: number): string {
  if (count < 1e3) return `${count} bytes`;
  if (count < 1e6) return `${Math.round(count / 1e3)} kB`;
  if (count < 1e9) return `${(count / 1e6).toFixed(1)} MB`;
  return `${(count / 1e9).toFixed(1)} GB`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
