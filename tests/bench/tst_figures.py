#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of figures.py, goldens.py and gpu.sh: expected lines, reports of llama-bench, .npy files, comparison with goldens,
usage. ctest runs them as tst_bench_figures."""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import figures
import goldens

LINE = ("{name} | uma: 0 | fp16: 1 | bf16: 0 | warp size: 32 | shared memory: 49152 | int dot: {dot} | "
        "matrix cores: {cores}")


def report(*tests):
    return json.dumps([{"build_commit": "0c1e570", "cpu_info": "A processor", "n_prompt": prompt, "n_gen": decoded,
                        "n_depth": depth, "avg_ts": speed} for prompt, decoded, depth, speed in tests])


class ExpectedLines(unittest.TestCase):
    def test_layers_that_share_a_cache_read_it_each(self):
        # kv_bytes_per_token of `plan`, layers, share factor; 2 × KV heads × head dimension × 2 bytes a layer
        for stored, layers, share, read in ((16384, 16, 1, 16384), (81920, 64, 2, 163840), (2 * 512, 3, 2, 3 * 512),
                                            (512, 5, 8, 5 * 512)):
            self.assertEqual(figures.kv_bytes_read(stored, layers, share), read)

    def test_a_cache_of_unequal_layers_is_refused(self):
        with self.assertRaisesRegex(ValueError, "1001 bytes of KV cache a token are not 2 equal layers"):
            figures.kv_bytes_read(1001, 4, 2)

    def test_a_slope_is_that_of_the_line_with_the_least_squares(self):
        self.assertAlmostEqual(figures.slope([(0, 5), (10, 7), (20, 9)]), 0.2)
        self.assertAlmostEqual(figures.slope([(0, 0), (1, 1), (2, 0), (3, 3)]), 0.8)

    def test_a_point_of_decode_is_of_one_token_and_one_of_prefill_of_its_prompt(self):
        test = {"tokens_per_second": {"median": 80.0, "min": 50.0, "max": 100.0}, "runs": [80.0, 50.0, 100.0]}
        decode = figures.point(test, 1, 4096)
        self.assertEqual((decode["tokens"], decode["n"], decode["ms"]), (4096, 3, {"median": 12.5, "min": 10.0, "max": 20.0}))
        self.assertEqual(figures.point(test, 512, 512)["ms"], {"median": 6400.0, "min": 5120.0, "max": 10240.0})

    def test_decode_grows_by_bytes_or_operations_whichever_take_longer(self):
        flop = figures.attention_flop(4, 16, 64)
        self.assertEqual(flop, 16384)
        # 4 KiB at 40 GB/s are 0.102 µs; 16,384 operations at 131 GFLOP/s 0.125, at 67 TFLOP/s next to nothing
        for copy, fma, ms, bound in ((40, 131, 16384 / 131e6, "operations"), (40, 67000, 4096 / 40e6, "bytes"),
                                     (20, 131, 4096 / 20e6, "bytes")):
            growth, by = figures.decode_growth(4096, copy, flop, fma)
            self.assertAlmostEqual(growth, ms)
            self.assertEqual(by, bound)

    def test_the_line_of_decode_has_bytes_and_then_operations(self):
        # 5,120 bytes at 8 GB/s are 0.64 µs, 51,200 operations at 128 GFLOP/s 0.4
        self.assertAlmostEqual(figures.decode_line(5120, 8, 51200, 128), 1.04e-3)

    def test_decode_grows_from_the_shallowest_depth(self):
        growth, _ = figures.decode_growth(16384, 10, 0, 1)
        # 16 KiB × 32,768 = 0.537 GB at 10 GB/s
        self.assertAlmostEqual(figures.decode_ms(32768, (0, 40.0), growth), 40 + 53.687, places=3)
        self.assertAlmostEqual(figures.decode_ms(0, (0, 40.0), growth), 40)
        self.assertAlmostEqual(figures.decode_ms(1024, (1024, 41.0), growth), 41)

    def test_a_prompt_costs_its_weights_and_half_of_its_square(self):
        # 2 layers × 4 heads × 8 × 4 operations × 100²/2
        self.assertAlmostEqual(figures.prefill_gflop(100, 0.5, 2, 4, 8), 50 + 256 * 5000 / 1e9)

    def test_prefill_passes_through_the_fitted_point_and_grows_faster_than_its_length(self):
        gflop = lambda n: figures.prefill_gflop(n, 0.01, 16, 16, 64)
        self.assertAlmostEqual(figures.prefill_ms(512, (512, 900.0), gflop), 900)
        self.assertGreater(figures.prefill_ms(8192, (512, 900.0), gflop), 900 * 16)
        linear = lambda n: figures.prefill_gflop(n, 0.01, 0, 0, 0)
        self.assertAlmostEqual(figures.prefill_ms(8192, (512, 900.0), linear), 900 * 16)

    def test_the_fitted_point_is_one_that_was_measured(self):
        for lengths, wanted, point in (([128, 512, 2048], 512, 512), ([128, 2048], 512, 2048), ([64, 128], 512, 128)):
            self.assertEqual(figures.fit_point(lengths, wanted), point)

    def test_what_a_model_has_no_room_for_is_left_out_and_said(self):
        self.assertEqual(figures.within_context([0, 4096], [128, 4096], 16, 4112), ([0, 4096], [128, 4096], []))
        depths, prefill, sentences = figures.within_context([0, 4096, 32768], [128, 8192], 16, 4096)
        self.assertEqual((depths, prefill), ([0, 4080], [128]))
        self.assertEqual(len(sentences), 2)
        self.assertIn("ends at 4,080", sentences[0])

    def test_no_depth_is_left_where_the_decoded_tokens_do_not_fit(self):
        self.assertEqual(figures.within_context([0], [], 4096, 4096)[:2], ([0], []))
        depths, _, sentences = figures.within_context([0, 4096], [128], 5000, 4096)
        self.assertEqual((depths, len(sentences)), ([], 1))
        self.assertIn("fewer than the 5,000 to decode", sentences[0])

    def test_depths_and_lengths_come_in_order(self):
        self.assertEqual(figures.within_context([4096, 0, 4096], [512, 128, 512], 16, 8192), ([0, 4096], [128, 512], []))


class Peer(unittest.TestCase):
    def test_tests_are_named_as_ours(self):
        _, speeds = figures.llama_bench(report((64, 0, 0, 1.5), (0, 16, 0, 2.5), (0, 16, 4096, 2.0)), "", "cpu")
        self.assertEqual(speeds, {"pp64": 1.5, "tg16": 2.5, "tg16@d4096": 2.0})

    def test_commit_and_device_line_of_each_backend(self):
        line = LINE.format(name="A GPU (driver)", dot=1, cores="KHR_coopmat")
        cuda = "ggml_cuda_init: found 1 CUDA devices:\n  Device 0: NVIDIA H200, compute capability 9.0, VMM: yes\n"
        for backend, stderr, device in (("vulkan", f"ggml_vulkan: Found 1\nggml_vulkan: 0 = {line}\n", line),
                                        ("cuda", cuda, "NVIDIA H200, compute capability 9.0, VMM: yes"),
                                        ("cpu", "", "A processor")):
            about, _ = figures.llama_bench(report((64, 0, 0, 1.5)), stderr, backend)
            self.assertEqual(about, {"commit": "0c1e570", "device": device, "software": False})

    def test_a_backend_without_a_device_is_refused(self):
        for backend in ("vulkan", "cuda"):
            with self.assertRaisesRegex(ValueError, f"no device of its backend {backend}"):
                figures.llama_bench(report((64, 0, 0, 1.5)), "ggml_vulkan: No devices found.\n", backend)

    def test_fields_of_the_device_line(self):
        fields = figures.device_fields(LINE.format(name="NVIDIA H200 (NVIDIA)", dot=1, cores="NV_coopmat2"))
        self.assertEqual((fields["int dot"], fields["matrix cores"], fields["warp size"]), ("1", "NV_coopmat2", "32"))

    def test_only_a_gpu_without_matrix_cores_gets_the_sentence(self):
        warning = "ggml_vulkan: Warning: Device type is CPU. This is probably not the device you want.\n"
        for cores, more, said in (("none", "", True), ("none", warning, False), ("KHR_coopmat", "", False)):
            stderr = f"ggml_vulkan: 0 = {LINE.format(name='X', dot=0, cores=cores)}\n{more}"
            about, _ = figures.llama_bench(report((64, 0, 0, 1.5)), stderr, "vulkan")
            self.assertEqual("counts for decode only" in figures.peer_sentence(about), said, (cores, more))
        self.assertEqual(figures.peer_sentence({"software": False, "device": "NVIDIA H200, VMM: yes"}), "")

    def test_weights_are_read_once_a_decoded_token(self):
        self.assertAlmostEqual(figures.gb_per_second("tg16@d4096", 20, 283e6), 5.66)
        self.assertIsNone(figures.gb_per_second("pp512", 80, 283e6))


class Comparison(unittest.TestCase):
    ABOUT = {"ours": {"bytes_per_token": 1e9, "copy_gb_per_second": 100.0}, "vulkan": {}, "cuda": {}}

    def test_prompts_go_into_an_empty_cache_and_decode_is_at_each_depth(self):
        for prefill, depths, calls in (([64], [0], [([64], [16], 0)]), ([64], [0, 512], [([64], [16], 0), ([0], [16], 512)]),
                                       ([64], [512], [([64], [0], 0), ([0], [16], 512)]), ([0], [512], [([0], [16], 512)]),
                                       ([64], [], [([64], [0], 0)])):
            self.assertEqual(figures.calls(prefill, [16], depths), calls)

    def test_medians_ratios_and_shares(self):
        runs = {"ours": {"pp64": [90, 100, 500], "pp512": [80], "tg16": [20, 40]}, "vulkan": {"pp64": [50], "tg16": [10]}}
        head, pp64, pp512, tg16 = figures.comparison(self.ABOUT, runs)
        self.assertEqual(head.split(), "tok/s Moescope % copy llama.cpp vulkan % copy ratio".split())
        self.assertEqual(pp64.split(), ["pp64", "100.0", "50.00", "2.00"])
        self.assertEqual(pp512.split(), ["pp512", "80.0"])
        self.assertEqual(tg16.split(), ["tg16", "30.0", "30.0", "10.00", "10.0", "3.00"])

    def test_a_side_that_failed_leaves_the_others(self):
        head, row = figures.comparison({"ours": self.ABOUT["ours"]}, {"ours": {"tg16": [30]}})
        self.assertEqual((head.split(), row.split()), (["tok/s", "Moescope", "%", "copy"], ["tg16", "30.0", "30.0"]))
        head, row = figures.comparison({"vulkan": {}, "cuda": {}}, {"vulkan": {"tg16": [10]}, "cuda": {"tg16": [20]}})
        self.assertNotIn("Moescope", head)
        self.assertEqual(row.split(), ["tg16", "10.00", "20.00"])


class Profile(unittest.TestCase):
    def test_sums_over_the_layers_longest_first(self):
        intervals = [{"kernels": "embed", "layer": None, "ms": 1}, {"kernels": "attention", "layer": 0, "ms": 2},
                     {"kernels": "attention", "layer": 1, "ms": 5}]
        self.assertEqual(figures.interval_sums(intervals), [("attention", 7, 7 / 8, 2), ("embed", 1, 1 / 8, 1)])
        self.assertEqual(figures.interval_sums([]), [])

    def test_a_report_becomes_part_of_another_file(self):
        report = {"tests": [{"name": "tg16"}], "profile": [{"kernels": "embed", "ms": 1}]}
        with tempfile.TemporaryDirectory() as folder:
            one, whole = pathlib.Path(folder, "one.json"), pathlib.Path(folder, "whole.json")
            one.write_text(json.dumps(report))
            whole.write_text('{"runs": {}}')
            script = pathlib.Path(__file__).with_name("intervals.py")
            result = subprocess.run([sys.executable, script, one, "--into", whole], capture_output=True, text=True, check=True)
            self.assertRegex(result.stdout, r"(?m)^  embed +1.000 +100.0 +1$")
            self.assertEqual(json.loads(whole.read_text()), {"runs": {}, "profile": report})


class Goldens(unittest.TestCase):
    # Two tokens; the first layer has no router, two experts a token.
    PROMPT = {"name": "plain", "ids": [3, 4], "router_ids": [None, [[1, 0], [2, 3]]], "greedy": [7, 8],
              "logits": {"0": {"full": [0.5, 1.0, -1.0]}, "1": {"top": [[2, 4.0]], "lse": 4.1}}}

    def test_order_of_experts_does_not_count_and_others_do(self):
        for experts, other in (([0, 1, 2, 3], 0), ([0, 1, 2, 1], 1), ([5, 1, 2, 1], 2)):
            total = goldens.Sum()
            goldens.add_routing(total, self.PROMPT, (2, 1, 2), experts)
            self.assertEqual((total.decisions, total.other_experts), (2, other))

    def test_a_trace_of_another_shape_is_refused(self):
        for shape in ((2, 2, 2), (3, 1, 2)):
            with self.assertRaisesRegex(ValueError, "trace of plain is of shape"):
                goldens.add_routing(goldens.Sum(), self.PROMPT, shape, [0] * 12)

    def test_the_worst_logit_of_all_positions(self):
        for logits, worst in (([0.5, 1.0, -1.0, 9, 9, 4.0], 0), ([0.5, 1.25, -1.0, 9, 9, 4.0], 0.25),
                              ([0.5, 1.0, -1.0, 9, 9, 6.0], 2)):
            total = goldens.Sum()
            goldens.add_logits(total, self.PROMPT, (2, 3), logits)
            self.assertEqual(total.worst_logit, worst)

    def test_not_a_number_holds_in_no_type(self):
        total = goldens.Sum()
        goldens.add_logits(total, self.PROMPT, (2, 3), [0.5, float("nan"), -1.0, 9, 9, 4.0])
        both = goldens.Sum()
        both.add(total)
        both.add(goldens.Sum())
        self.assertFalse(both.holds("f32") or both.holds("f16"))

    def test_what_each_type_is_held_to(self):
        def total(other_experts=0, worst=0.0, same=60):
            made = goldens.Sum()
            made.decisions, made.texts = 1000, 60
            made.other_experts, made.worst_logit, made.same_texts = other_experts, worst, same
            return made
        for made, f32, f16 in ((total(), True, True), (total(other_experts=1), False, True), (total(other_experts=11), False, False),
                               (total(worst=0.002), False, True), (total(worst=0.06), False, False),
                               (total(same=59), False, True), (total(same=55), False, True), (total(same=54), False, False)):
            self.assertEqual((made.holds("f32"), made.holds("f16")), (f32, f16), vars(made))

    def test_texts(self):
        total = goldens.Sum()
        goldens.add_text(total, self.PROMPT, [7, 8])
        goldens.add_text(total, self.PROMPT, [7, 9])
        self.assertEqual((total.texts, total.same_texts), (2, 1))

    def test_ways_to_compute_are_those_that_the_help_names(self):
        text = ("  --kv TEXT:TYPE=f16          Type of the KV cache: f32, f16 or q8_0\n  --variant TEXT:NAME=on|off ...\n"
                "                              Force a way to compute on or off, NAME=on|off: “texels”, “dot” and\n"
                "                              “threads”\n  --device TEXT               its index or “name”\n")
        self.assertEqual(goldens.variant_names(text), ["texels", "dot", "threads"])

    def test_a_help_that_names_no_way_to_compute_is_refused(self):
        for text in ("  --kv TEXT\n", "", "  --variant TEXT ...   NAME=on|off: none\n  --device “name”\n"):
            with self.assertRaisesRegex(ValueError, "names no way to compute at --variant"):
                goldens.variant_names(text)

    def test_what_is_not_here_is_no_failure(self):
        build = "The variant “coopmat” is no part of this build: it had no glslang of version 13 or later."
        pair = "The variants “texels” and “coopmat” exclude each other: each is another way to multiply a batch."
        device = "The variant “texels” is for subgroups of at most 16 invocations; those of A GPU have 32."
        for sentence in (build, pair, device):
            self.assertEqual(goldens.not_here(f"moescope-cli trace: {sentence}"), sentence)
            self.assertEqual(goldens.not_here(f"moescope-cli run: The model brings no chat template.\n{sentence}"), sentence)
        for message in ("moescope-cli run: The device was lost.", "The trace of plain is of shape (2, 1, 2)",
                        "moescope-cli run: --variant: “nosuch” is no variant; “texels” and “coopmat” are."):
            self.assertIsNone(goldens.not_here(message))

    def test_logits_may_be_farther_off_where_cooperative_matrices_may_multiply(self):
        for variant, absent, most in (("as chosen", False, 0.1), ("coopmat=on", False, 0.1), ("threads=off", False, 0.1),
                                      ("coopmat=off", False, 0.05), ("texels=on", False, 0.05), ("texels=off", False, 0.1),
                                      ("integer_dot=on", False, 0.05), ("as chosen", True, 0.05), ("threads=off", True, 0.05)):
            self.assertEqual(goldens.f16_limit(variant, absent), most, (variant, absent))
        total = goldens.Sum()
        total.worst_logit = 0.06
        self.assertEqual((total.holds("f16"), total.holds("f16", 0.1), total.holds("f32", 0.1)), (False, True, False))


class GpuScript(unittest.TestCase):
    def run_script(self, *arguments):
        script = pathlib.Path(__file__).with_name("gpu.sh")
        return subprocess.run(["bash", script, *arguments], capture_output=True, text=True)

    def test_help_tells_the_steps(self):
        result = self.run_script("--help")
        self.assertEqual(result.returncode, 0)
        for step in ("pack", "peer", "kernels", "goldens", "models", "bench", "all"):
            self.assertRegex(result.stdout, rf"(?m)^  {step} ")

    def test_wrong_usage_runs_nothing(self):
        for arguments, said in (((), "Usage:"), (("nosuch",), "Usage:"), (("bench", "--layers"), "--layers needs a value."),
                                (("bench", "--llama-cuda", "/nosuch/llama-bench"), "/nosuch/llama-bench is no program"),
                                (("bench", "--llama-vulkan", "/"), "/ is no program")):
            result = self.run_script(*arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)
            self.assertIn(said, result.stderr)


class Npy(unittest.TestCase):
    def write(self, descr, shape, data, version=1):
        header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape!r}, }}".encode()
        size = struct.pack("<H" if version == 1 else "<I", len(header))
        path = pathlib.Path(self.folder.name, "x.npy")
        path.write_bytes(b"\x93NUMPY" + bytes([version, 0]) + size + header + data)
        return path

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def test_shapes_and_values(self):
        shape, values = figures.read_npy(self.write("<i4", (2, 1, 1), struct.pack("<2i", 7, -1)))
        self.assertEqual((shape, list(values)), ((2, 1, 1), [7, -1]))
        shape, values = figures.read_npy(self.write("<f4", (3,), struct.pack("<3f", 0.5, 1, -2), version=2))
        self.assertEqual((shape, list(values)), ((3,), [0.5, 1, -2]))

    def test_other_types_and_files_are_refused(self):
        with self.assertRaisesRegex(ValueError, "holds <f8"):
            figures.read_npy(self.write("<f8", (1,), bytes(8)))
        path = pathlib.Path(self.folder.name, "y.npy")
        path.write_bytes(b"PK\x03\x04 something else")
        with self.assertRaisesRegex(ValueError, "is no .npy file"):
            figures.read_npy(path)


unittest.main()
