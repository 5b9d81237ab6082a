"""Draws plain SVG: text, lines, shapes and plots with axes. Nothing here knows what is drawn.

Every picture stands on a white card of its own, so that it reads the same on a light page, a dark page and on paper; letters
are at least 14 units high on a card 760 wide, so that half of that size can still be read.
"""
import html
import math

WIDTH = 760
TEXT, MUTED, GRID, EDGE = "#1b2125", "#556069", "#e3e8eb", "#b9c2c8"
# Told apart in grey as well as in colour; where two stand together, their shapes differ too.
GREEN, BROWN, BLUE, BAND = "#1f6f5f", "#80570f", "#3b5b92", "#dcf0eb"
SANS = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"


def number(value):
    """A coordinate: to a tenth, without a tail of zeros."""
    return f"{value:.1f}".rstrip("0").rstrip(".").replace("-0", "0") if abs(value) < 0.05 else f"{value:.1f}".rstrip("0").rstrip(".")


def signed(text):
    """With a true minus sign."""
    return text.replace("-", "\u2212")


class Picture:
    """A card; `height` units high."""

    def __init__(self, name, title, description, height):
        self.name, self.height = name, height
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
                f'role="img" aria-labelledby="{name}-title {name}-desc" font-family="{SANS}" fill="{TEXT}">')
        self.parts = [head, f'<title id="{name}-title">{html.escape(title)}</title>',
                      f'<desc id="{name}-desc">{html.escape(description)}</desc>',
                      f'<rect width="{WIDTH}" height="{height}" rx="6" fill="#fff"/>']

    def put(self, element):
        self.parts.append(element)

    def text(self, x, y, words, size=15, fill=TEXT, anchor="start", bold=False, halo=False, turn=None):
        more = ' font-weight="600"' if bold else ""
        more += ' paint-order="stroke" stroke="#fff" stroke-width="4" stroke-linejoin="round"' if halo else ""
        more += f' text-anchor="{anchor}"' if anchor != "start" else ""
        more += f' transform="rotate({turn} {number(x)} {number(y)})"' if turn else ""
        color = f' fill="{fill}"' if fill != TEXT else ""
        self.put(f'<text x="{number(x)}" y="{number(y)}" font-size="{size}"{color}{more}>{html.escape(words)}</text>')

    def lines(self, x, y, words, size=15, step=20, **more):
        for nth, line in enumerate(words):
            self.text(x, y + nth * step, line, size, **more)

    def line(self, x1, y1, x2, y2, stroke=TEXT, width=1.0, dash=None):
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.put(f'<path d="M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}" stroke="{stroke}" '
                 f'stroke-width="{number(width)}" fill="none"{dashed}/>')

    def rect(self, x, y, width, height, fill="none", stroke="none", stroke_width=1.0):
        edge = f' stroke="{stroke}" stroke-width="{number(stroke_width)}"' if stroke != "none" else ""
        self.put(f'<rect x="{number(x)}" y="{number(y)}" width="{number(max(width, 0))}" height="{number(max(height, 0))}" '
                 f'fill="{fill}"{edge}/>')

    def circle(self, x, y, radius, fill, stroke="none", width=1.2):
        edge = f' stroke="{stroke}" stroke-width="{number(width)}"' if stroke != "none" else ""
        self.put(f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{fill}"{edge}/>')

    def path(self, points, stroke, width=1.4, fill="none"):
        line = "L".join(f"{number(x)} {number(y)}" for x, y in points)
        self.put(f'<path d="M{line}" stroke="{stroke}" stroke-width="{number(width)}" fill="{fill}" stroke-linejoin="round"/>')

    def arrow(self, x1, y1, x2, y2, stroke=TEXT, width=1.4):
        self.line(x1, y1, x2, y2, stroke, width)
        angle = math.atan2(y2 - y1, x2 - x1)
        tips = [(x2 - 9 * math.cos(angle + turn), y2 - 9 * math.sin(angle + turn)) for turn in (0.4, -0.4)]
        self.path([tips[0], (x2, y2), tips[1]], stroke, width)

    def write(self, folder):
        path = folder / f"{self.name}.svg"
        path.write_text("\n".join([*self.parts, "</svg>", ""]), encoding="utf-8")
        return path


class Plot:
    """A frame in a picture with a scale on either side."""

    def __init__(self, picture, left, top, width, height, x, y):
        self.picture, self.left, self.top, self.width, self.height = picture, left, top, width, height
        self.x0, self.x1 = x
        self.y0, self.y1 = y

    def at(self, x, y):
        return (self.left + (x - self.x0) / (self.x1 - self.x0) * self.width,
                self.top + self.height - (y - self.y0) / (self.y1 - self.y0) * self.height)

    def frame(self):
        self.picture.rect(self.left, self.top, self.width, self.height, stroke=EDGE)

    def x_axis(self, ticks, label=None, form=lambda v: f"{v:g}", grid=True):
        bottom = self.top + self.height
        for tick in ticks:
            x = self.at(tick, self.y0)[0]
            if grid:
                self.picture.line(x, self.top, x, bottom, GRID)
            self.picture.text(x, bottom + 18, signed(form(tick)), 14, MUTED, "middle")
        if label:
            self.picture.text(self.left + self.width / 2, bottom + 38, label, 14, MUTED, "middle")

    def y_axis(self, ticks, label=None, form=lambda v: f"{v:g}", grid=True):
        for tick in ticks:
            y = self.at(self.x0, tick)[1]
            if grid:
                self.picture.line(self.left, y, self.left + self.width, y, GRID)
            self.picture.text(self.left - 7, y + 5, signed(form(tick)), 14, MUTED, "end")
        if label:
            self.picture.text(self.left, self.top - 8, label, 14, MUTED)

    def level(self, y, stroke, dash="6 4", width=1.4):
        self.picture.line(*self.at(self.x0, y), *self.at(self.x1, y), stroke, width, dash)

    def upright(self, x, stroke, dash="6 4", width=1.4):
        self.picture.line(*self.at(x, self.y0), *self.at(x, self.y1), stroke, width, dash)

    def curve(self, xs, ys, stroke, width=1.3):
        """Every point of a long curve would be invisible and cost bytes: the extremes of each unit are drawn."""
        columns = {}
        for x, y in zip(xs, ys):
            px, py = self.at(x, min(max(y, self.y0), self.y1))
            low, high = columns.get(int(px), (py, py))
            columns[int(px)] = (min(low, py), max(high, py))
        points = []
        for px in sorted(columns):
            low, high = columns[px]
            points += [(px, high), (px, low)] if high - low > 0.3 else [(px, low)]
        self.picture.path(points, stroke, width)
