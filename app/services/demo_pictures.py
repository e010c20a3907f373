"""Pictures of the demo councils: a made-up neighbourhood, drawn flat, never twice the same."""

import io
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageColor, ImageDraw

WIDTH, HEIGHT = 960, 540
SCALE = 2  # drawn larger and reduced, for smooth edges
GROUND = 372  # where the houses stand


@dataclass(frozen=True)
class Mood:
    """The light of an hour of the day: sky from top to bottom, sun, far town, grass, paving."""

    words: str
    sky: tuple[str, str]
    sun: str
    sun_height: int
    far: str
    grass: str
    paving: str
    cloud: str
    windows: tuple[str, ...]


MOODS = (
    Mood("un matin clair", ("#9fd3ea", "#eef6ee"), "#fff3c4", 120, "#b9d6dc", "#9cc584", "#efe3cc", "#ffffff",
         ("#5d8aa8", "#6f9bb5", "#dcebf2")),
    Mood("par un après-midi d’été", ("#6fbbe8", "#d9f0fb"), "#ffe08a", 84, "#a9cfe2", "#86b96b", "#f2e2c4", "#ffffff",
         ("#4f7fa0", "#7fa9c0", "#e6f1f5")),
    Mood("au soleil couchant", ("#f4a57a", "#fde3c0"), "#fff0c2", 208, "#e3b49a", "#93a86a", "#f0d6b4", "#fdeadb",
         ("#7a6f8f", "#ffdf8e", "#ffd072")),
    Mood("un jour d’automne", ("#b8cbd6", "#f3ece0"), "#fff6dc", 138, "#c7cfcf", "#a9b06f", "#e9dac2", "#f7f5f0",
         ("#66808f", "#8aa0aa", "#f2e2ae")),
)  # fmt: skip
FACADES = (("#e9c9a4", "#d6b088"), ("#d98f72", "#c0775c"), ("#f3ead8", "#dccfb6"), ("#b7cdbb", "#9bb5a2"),
           ("#e7b85f", "#cf9f48"), ("#c3b3cf", "#a998b8"), ("#a9c3d6", "#8dabc1"), ("#eba98f", "#d48f75"))  # fmt: skip
LEAVES = {
    "un jour d’automne": (("#d98d3a", "#e5a95a"), ("#b5642f", "#c97f48"), ("#8a9a4b", "#a2b163")),
    "": (("#4f8a4c", "#69a463"), ("#3f7a55", "#58946c"), ("#6f9a3f", "#8ab45a")),
}
CLOTHES = ("#d1495b", "#2e6f95", "#edae49", "#5f4b8b", "#00798c", "#f3f0e8", "#8f3f71", "#e07a1f")
SKINS = ("#f2cba8", "#d9a57b", "#a9714b", "#7a4b2f", "#5a3825")
PLACES = {
    "arbres": "une place plantée d’arbres",
    "jeux": "une aire de jeux avec un toboggan",
    "potager": "un jardin partagé et ses carrés de légumes",
    "guirlande": "une place décorée de fanions pour une fête de quartier",
}
NUMBERS = {3: "trois", 4: "quatre", 5: "cinq"}


@dataclass(frozen=True)
class Picture:
    """A drawing in WebP with the French words for those who do not see it."""

    content: bytes
    alternative: str


class _Canvas:
    """A drawing surface in units of the final picture."""

    def __init__(self):
        self.image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE))
        self.pen = ImageDraw.Draw(self.image)

    def box(self, x0, y0, x1, y1, fill, radius=0.0):
        self.pen.rounded_rectangle(self._scaled(x0, y0, x1, y1), radius * SCALE, fill=fill)

    def oval(self, x, y, rx, ry, fill):
        self.pen.ellipse(self._scaled(x - rx, y - ry, x + rx, y + ry), fill=fill)

    def shape(self, points, fill):
        self.pen.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=fill)

    def line(self, points, fill, width):
        self.pen.line([(x * SCALE, y * SCALE) for x, y in points], fill=fill, width=round(width * SCALE), joint="curve")

    def webp(self):
        output = io.BytesIO()
        self.image.reduce(SCALE).save(output, "WEBP", quality=78, method=4)
        return output.getvalue()

    @staticmethod
    def _scaled(*values):
        return [value * SCALE for value in values]


def draw(random: Random) -> Picture:
    """Return the picture that `random` leads to: always the same for the same seed."""
    canvas = _Canvas()
    mood, place, blocks = (random.choice(list(options)) for options in (MOODS, PLACES, NUMBERS))
    _sky(canvas, mood, random)
    _far_town(canvas, mood, random)
    _ground(canvas, mood)
    _blocks(canvas, mood, blocks, random)
    _trees(canvas, mood, random)
    {"arbres": _benches, "jeux": _playground, "potager": _garden, "guirlande": _bunting}[place](canvas, random)
    _people(canvas, random.randint(4, 7), random)
    what = f"{NUMBERS[blocks]} immeubles colorés autour d’{PLACES[place]}"
    return Picture(canvas.webp(), f"Dessin : {what}, {mood.words} ; des habitants discutent.")


def _sky(canvas, mood, random):
    top, bottom = map(ImageColor.getrgb, mood.sky)
    for y in range(GROUND + 20):
        share = y / (GROUND + 20)
        colour = tuple(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
        canvas.box(0, y, WIDTH, y + 1, colour)
    canvas.oval(random.randint(120, 840), mood.sun_height, 38, 38, mood.sun)
    for _ in range(random.randint(2, 4)):
        x, y, size = random.randint(40, 920), random.randint(50, 150), random.uniform(0.7, 1.3)
        for dx, dy, r in ((-34, 6, 20), (-8, -6, 28), (24, 0, 24), (48, 8, 16)):
            canvas.oval(x + dx * size, y + dy * size, r * size * 1.2, r * size * 0.8, mood.cloud)


def _far_town(canvas, mood, random):
    for x in range(-40, WIDTH, 46):
        canvas.box(x, GROUND - random.randint(40, 110), x + random.randint(40, 70), GROUND + 10, mood.far)


def _ground(canvas, mood):
    canvas.box(0, GROUND, WIDTH, HEIGHT, mood.grass)
    canvas.oval(WIDTH / 2, HEIGHT + 20, 430, 118, mood.paving)
    canvas.shape([(430, GROUND), (530, GROUND), (600, HEIGHT), (360, HEIGHT)], mood.paving)


def _blocks(canvas, mood, number, random):
    facades = random.sample(FACADES, number)
    step = (WIDTH - 60) / number
    for index, (front, side) in enumerate(facades):
        columns, floors = random.randint(3, 4 if number == 5 else 6), random.randint(3, 7)
        width = min(columns * 32 + 24, step - 14)
        _block(canvas, 30 + index * step + (step - width) / 2, width, columns, floors, front, side, mood, random)


def _block(canvas, left, width, columns, floors, front, side, mood, random):
    top, base = GROUND - floors * 38 - 22, GROUND + 14
    canvas.box(left, top, left + width, base, front)
    canvas.box(left + width - 12, top, left + width, base, side)
    canvas.box(left - 4, top - 8, left + width + 4, top, side, 2)
    gap = (width - 24) / columns
    with_balconies = random.random() < 0.5
    for floor in range(floors):
        y = top + 16 + floor * 38
        for column in range(columns):
            x = left + 10 + column * gap
            if floor == floors - 1 and column == columns // 2:
                canvas.box(x, y, x + gap - 8, base, side, 3)
                canvas.box(x + 4, y + 5, x + gap - 12, base, "#6b4a3a", 2)
                continue
            canvas.box(x, y, x + gap - 8, y + 22, random.choice(mood.windows), 2)
            if with_balconies and column % 2 == 0:
                canvas.box(x - 3, y + 14, x + gap - 5, y + 25, side, 2)


def _trees(canvas, mood, random):
    leaves = LEAVES.get(mood.words, LEAVES[""])
    for x in sorted((*random.sample(range(30, 300, 54), 3), *random.sample(range(660, 940, 54), 3))):
        _tree(canvas, x, random.randint(398, 432), random.uniform(0.8, 1.15), random.choice(leaves), random)


def _tree(canvas, x, foot, size, leaves, random):
    dark, light = leaves
    canvas.oval(x, foot + 1, 26 * size, 6 * size, "#7d9560")
    canvas.box(x - 4 * size, foot - 50 * size, x + 4 * size, foot, "#7b5a43", 2)
    if random.random() < 0.3:
        canvas.oval(x, foot - 78 * size, 17 * size, 52 * size, dark)
        return canvas.oval(x - 4 * size, foot - 84 * size, 9 * size, 38 * size, light)
    for dx, dy, r in ((-16, -58, 22), (16, -58, 22), (0, -76, 27)):
        canvas.oval(x + dx * size, foot + dy * size, r * size, r * size, dark)
    return canvas.oval(x - 8 * size, foot - 80 * size, 15 * size, 14 * size, light)


def _benches(canvas, random):
    for x in (250 + random.randint(0, 40), 660 + random.randint(0, 40)):
        canvas.box(x, 452, x + 74, 459, "#8a5a3c", 2)
        canvas.box(x, 434, x + 74, 441, "#9c6b4a", 2)
        for leg in (x + 8, x + 62):
            canvas.box(leg, 438, leg + 4, 474, "#4d4f55")


def _playground(canvas, random):
    x = random.choice((240, 640))
    canvas.oval(x + 40, 476, 120, 26, "#e6a56f")
    for post in (x - 6, x + 24):
        canvas.line([(post, 470), (post, 396)], "#4d4f55", 5)
    for y in range(410, 470, 14):
        canvas.line([(x - 6, y), (x + 24, y)], "#edae49", 4)
    canvas.shape([(x + 20, 396), (x + 32, 396), (x + 118, 468), (x + 130, 474), (x + 104, 474)], "#d1495b")
    canvas.shape([(x - 16, 396), (x + 9, 370), (x + 34, 396)], "#2e6f95")


def _garden(canvas, random):
    left = random.choice((185, 580))
    for index in range(3):
        x, y = left + index * 66, 432 + (index % 2) * 34
        canvas.box(x, y, x + 62, y + 28, "#8a5a3c", 3)
        canvas.box(x + 4, y + 3, x + 58, y + 23, "#5e4330", 2)
        for plant in range(4):
            canvas.oval(x + 10 + plant * 14, y + 3, 8, 10, random.choice(("#5b9a4a", "#7fb55c", "#4a8450")))
            if random.random() < 0.5:
                canvas.oval(x + 10 + plant * 14, y + 2, 3.2, 3.2, random.choice(("#d1495b", "#edae49")))


def _bunting(canvas, random):
    for x in (90, 480, 870):
        canvas.box(x - 3, 312, x + 3, 424, "#7b5a43", 2)
    for left in (90, 480):
        sag = [(t / 6) * (2 - t / 6) for t in range(13)]
        points = [(left + 32.5 * t, 318 + 50 * sag[t]) for t in range(13)]
        canvas.line(points, "#5a5048", 2)
        for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            canvas.shape([(x - 9, y), (x + 9, y), (x, y + 20)], random.choice(CLOTHES))
    canvas.shape([(416, 446), (544, 446), (556, 476), (404, 476)], "#f7f3ea")


def _people(canvas, number, random):
    for step in sorted(random.sample(range(11), number)):
        x, foot = 290 + step * 38 + random.randint(-6, 6), random.randint(486, 520)
        _person(canvas, x, foot, random.choice((0.72, 1.0, 1.0, 1.06)), random)


def _person(canvas, x, foot, size, random):
    cloth, trousers = random.sample(CLOTHES, 2)
    skin, hair = random.choice(SKINS), random.choice(("#2b2320", "#5b3a24", "#8d8d8d", "#c89b5b"))

    def at(left, top, right, bottom, fill, radius):
        canvas.box(x + left * size, foot + top * size, x + right * size, foot + bottom * size, fill, radius * size)

    canvas.oval(x, foot + 1, 15 * size, 4 * size, "#cdbb9c")
    if random.random() < 0.35:
        canvas.shape([(x - 8 * size, foot - 40 * size), (x + 8 * size, foot - 40 * size),
                      (x + 13 * size, foot - 10 * size), (x - 13 * size, foot - 10 * size)], trousers)  # fmt: skip
        at(-6, -12, -2, 0, skin, 2)
        at(2, -12, 6, 0, skin, 2)
    else:
        at(-8, -34, -1, 0, trousers, 3)
        at(1, -34, 8, 0, trousers, 3)
    at(-14, -60, -9, -32, cloth, 3)
    at(9, -60, 14, -32, cloth, 3)
    at(-10, -64, 10, -28, cloth, 6)
    canvas.oval(x, foot - 77 * size, 11 * size, 12 * size, hair)
    canvas.oval(x, foot - 74 * size, 9 * size, 10 * size, skin)
