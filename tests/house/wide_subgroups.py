#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""wide_subgroups.py SIZE…: what computes on a device, on subgroups of 32 or 64 invocations, which no software driver has. A copy
of the sources in build/wide-SIZE takes the operations of subgroups from tests/support/wide_subgroups.glsl, and the device for a
GPU. What multiplies cooperative matrices stays as it is: no software driver has those, so it never runs. The operations have
barriers, to which all invocations of a workgroup must come: where one subgroup of several goes another way, which the router's
kernel does, only one subgroup a workgroup can be tried: with 32 in workgroups of 64 the tests of that kernel and of whole models
are left out, and named."""
import os
import pathlib
import re
import subprocess
import sys

EMULATION = pathlib.Path("tests/support/wide_subgroups.glsl")
INCLUDE = "#extension GL_GOOGLE_include_directive : require\n"
OF_SHADERS = (
    (r"\bsubgroup(Add|Max|Min|Shuffle|ShuffleXor|Elect)\b", r"wide\1"),
    (r"\bsubgroup(Barrier|MemoryBarrierShared)\b", "barrier"),
    (r"\bgl_SubgroupSize\b", "WIDE"),
    (r"\bgl_SubgroupID\b", "wideIndex()"),
    (r"\bgl_SubgroupInvocationID\b", "wideInvocation()"),
    (r"\bgl_NumSubgroups\b", "wideCount()"),
)
OF_ENGINE = {
    "engine/vulkan/adapter.cpp": (
        ("adapter.limits.subgroup_size = p11.subgroupSize;", "adapter.limits.subgroup_size = {size};"),
        ("adapter.limits.software = properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;", ""),
    ),
    "engine/vulkan/compute_pipeline.cpp": (("if (adapter.pinned_subgroup && ", "if (false && "),),
}
# Kernels in which subgroups of a workgroup go different ways, and what runs them.
ONE_SUBGROUP = "^(tst_moe_router|tst_golden|tst_decoder|tst_engine|tst_timeline|tst_interventions|tst_divergence|tst_memory_ledger|" \
               "tst_variants|tst_pipeline_maker|tst_kv_)"
WORKGROUP = 64  # of most kernels


def changed(name, text, size):
    if re.fullmatch(r"shaders/(common/)?\w+\.(comp|glsl)", name) and "cooperative_matrix" not in text:
        for operation, twin in OF_SHADERS:
            text = re.sub(operation, twin, text)
        text = text.replace(INCLUDE, f'{INCLUDE}const uint WIDE = {size}u;\n#include "wide_subgroups.glsl"\n')
        left = re.findall(r"^(?!#extension|//).*\b(?:gl_\w*[sS]ubgroup\w*|subgroup[A-Z]\w*)", text, re.MULTILINE)
        if left:
            sys.exit(f"{name} has an operation of subgroups without a twin in {EMULATION}: {left[0]}")
    for before, after in OF_ENGINE.get(name, ()):
        if text.count(before) != 1:
            sys.exit(f"{name} has “{before}” {text.count(before)} times; once is what {sys.argv[0]} changes.")
        text = text.replace(before, after.format(size=size))
    return text


def write(file, data):
    """What stays the same keeps its time, so that what was built of it stays."""
    if not file.exists() or file.read_bytes() != data:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def copy(size, folder):
    listing = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True).stdout
    names = set(filter(None, listing.split("\0")))
    for name in sorted(names):
        data = pathlib.Path(name).read_bytes()
        if name.startswith(("shaders/", "engine/vulkan/")):
            data = changed(name, data.decode(), size).encode()
        write(folder / name, data)
    write(folder / "shaders/common" / EMULATION.name, EMULATION.read_bytes())
    names.add(f"shaders/common/{EMULATION.name}")
    for file in folder.rglob("*"):
        if file.is_file() and file.relative_to(folder).as_posix() not in names:
            file.unlink()


def tests_of(build, *choice):
    """Names of the tests that ctest would run."""
    listing = subprocess.run(["ctest", "--test-dir", build, "--show-only", *choice], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^ *Test +#\d+: (\S+)", listing, re.MULTILINE)


def main():
    os.chdir(pathlib.Path(__file__).resolve().parents[2])
    jobs = os.environ.get("MOESCOPE_JOBS", str(os.cpu_count()))
    failed = False
    for size in sys.argv[1:]:
        folder = pathlib.Path(f"build/wide-{size}")
        copy(size, folder / "source")
        build = str(folder / "build")
        subprocess.run(["cmake", "-S", str(folder / "source"), "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                        "-DMOESCOPE_APP=OFF"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", build, "--parallel", jobs, "--target", "tests_shaders", "tests_device"], check=True)
        choice, without = ["-L", "^(shaders|device)$"], []
        print(f"Tests on subgroups of {size}", flush=True)
        if int(size) < WORKGROUP:
            without = ["-E", ONE_SUBGROUP]
            print(f"Left out, as workgroups of {WORKGROUP} have more than one subgroup, which go different ways in the router's kernel: "
                  f"{', '.join(tests_of(build, *choice, '-R', ONE_SUBGROUP))}", flush=True)
        failed |= subprocess.run(["ctest", "--test-dir", build, "--output-on-failure", "--parallel", "2", "--no-tests=error",
                                  *choice, *without]).returncode != 0
    return 1 if failed else 0


sys.exit(main())
