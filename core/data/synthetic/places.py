"""The places where scenes happen."""

from __future__ import annotations

from core.data.synthetic.scene import Backdrop

MEADOW = Backdrop(flowers=((222, 212, 128), (212, 206, 212), (176, 150, 188)), fringe=0.1)
SAVANNA = Backdrop(
    sky=((140, 168, 196), (226, 220, 206)),
    hills=((158, 158, 154), (112, 106, 78)),
    ground=((172, 154, 106), (142, 116, 72)),
    plants=((184, 162, 106), (136, 112, 62)),
    horizon=0.34,
    fringe=0.08,
)
AUTUMN = Backdrop(
    sky=((164, 176, 188), (222, 222, 216)),
    hills=((142, 144, 144), (128, 96, 58)),
    ground=((140, 124, 84), (110, 86, 56)),
    plants=((150, 124, 72), (122, 78, 42)),
    plant_size=0.035,
    flowers=((168, 96, 44), (186, 140, 62)),
)
SNOW = Backdrop(
    sky=((150, 164, 182), (218, 222, 226)),
    hills=((176, 184, 194), (104, 114, 118)),
    ground=((204, 208, 214), (196, 200, 208)),
    plants=((150, 142, 124), (116, 104, 84)),
    plant_count=900,
    plant_size=0.04,
)
ROAD = Backdrop(
    "road",
    horizon=0.32,
    hills=((144, 156, 158), (86, 100, 72)),
    ground=((138, 136, 98), (104, 106, 70)),
    plants=((132, 136, 88), (88, 100, 52)),
    plant_size=0.04,
)
POND = Backdrop(
    "pond",
    ground=((74, 92, 78), (104, 108, 82)),
    plants=((96, 98, 84), (122, 116, 98)),
    plant_count=900,
    flowers=((255, 255, 255),),  # nets of light on the bed
)
BEACH = Backdrop(
    "pond",
    ground=((180, 158, 120), (154, 130, 96)),
    plants=((150, 128, 104), (122, 104, 88)),
    plant_count=700,
    plant_size=0.04,
)
