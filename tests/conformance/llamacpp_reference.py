# SPDX-License-Identifier: Apache-2.0
"""llama.cpp as a reference: logits of a GGUF file on the CPU, through the C functions that xllamacpp's module exports.

That module comes without headers. Structures are kept as bytes with the few offsets that are used, and what
requirements.txt pins is checked by the defaults found at them.
"""
import ctypes
import struct

import numpy as np
import xllamacpp

F32, F16 = 0, 1
NO_FLASH_ATTENTION = 0
# Bytes into llama_context_params: what lies there by default.
CONTEXT, BATCH, MICRO_BATCH, SEQUENCES, THREADS, THREADS_BATCH, FLASH, KEYS, VALUES = 0, 4, 8, 12, 28, 32, 52, 104, 108
DEFAULTS = {CONTEXT: 512, BATCH: 2048, MICRO_BATCH: 512, SEQUENCES: 1, THREADS: 4, THREADS_BATCH: 4, FLASH: -1, KEYS: F16,
            VALUES: F16}
# Bytes into llama_batch.
TOKENS, IDS, POSITIONS, SEQUENCE_COUNTS, SEQUENCE_IDS, WANTED = 0, 8, 24, 32, 40, 48


class Opaque(ctypes.Structure):
    """A structure passed by value; longer than any of llama.cpp's, which does no harm."""
    _fields_ = [("bytes", ctypes.c_uint8 * 512)]


def functions():
    library = ctypes.CDLL(xllamacpp.xllamacpp.__file__)
    pointer, number = ctypes.c_void_p, ctypes.c_int32
    for name, result, arguments in (
            ("llama_model_default_params", Opaque, []), ("llama_context_default_params", Opaque, []),
            ("llama_model_load_from_file", pointer, [ctypes.c_char_p, Opaque]), ("llama_model_get_vocab", pointer, [pointer]),
            ("llama_init_from_model", pointer, [pointer, Opaque]), ("llama_vocab_n_tokens", number, [pointer]),
            ("llama_batch_init", Opaque, [number] * 3), ("llama_decode", number, [pointer, Opaque]),
            ("llama_get_logits", ctypes.POINTER(ctypes.c_float), [pointer]), ("llama_get_memory", pointer, [pointer]),
            ("llama_memory_clear", None, [pointer, ctypes.c_bool]), ("llama_free", None, [pointer]),
            ("llama_model_free", None, [pointer]), ("llama_backend_init", None, []),
            ("llama_log_set", None, [pointer, pointer]),
            ("llama_tokenize", number, [pointer, ctypes.c_char_p, number, pointer, number, ctypes.c_bool, ctypes.c_bool])):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class Reference:
    """A model file in llama.cpp, one sequence of at most `context` tokens, no flash attention. One thread: where others
    compute too, more of them wait for each other with the processor busy."""

    def __init__(self, path, context=512, cache=F32, threads=1):
        self.library = functions()
        # Kept alive with the object: llama.cpp calls it for each line of its log.
        self.silent = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)
        self.library.llama_log_set(ctypes.cast(self.silent, ctypes.c_void_p), None)
        self.library.llama_backend_init()
        self.model = self.library.llama_model_load_from_file(str(path).encode(), self.library.llama_model_default_params())
        if not self.model:
            raise RuntimeError(f"llama.cpp does not load {path}.")
        parameters = self.library.llama_context_default_params()
        for offset, value in DEFAULTS.items():
            found = struct.unpack_from("<i", parameters, offset)[0]
            if found != value:
                raise RuntimeError(f"llama_context_params has {found} at byte {offset} and not {value}: another llama.cpp.")
        for offset, value in ((CONTEXT, context), (BATCH, context), (MICRO_BATCH, context), (THREADS, threads),
                              (THREADS_BATCH, threads), (FLASH, NO_FLASH_ATTENTION), (KEYS, cache), (VALUES, cache)):
            struct.pack_into("<i", parameters, offset, value)
        self.context = self.library.llama_init_from_model(self.model, parameters)
        if not self.context:
            raise RuntimeError(f"llama.cpp makes no context for {path}.")
        self.vocab = self.library.llama_model_get_vocab(self.model)
        self.rows = self.library.llama_vocab_n_tokens(self.vocab)
        self.batch = self.library.llama_batch_init(context, 0, 1)
        self.used = 0

    def close(self):
        self.library.llama_free(self.context)
        self.library.llama_model_free(self.model)

    def tokenize(self, text, special=False):
        data = text.encode()
        room = (ctypes.c_int32 * (len(data) + 8))()
        count = self.library.llama_tokenize(self.vocab, data, len(data), room, len(room), False, special)
        return list(room[:count])

    def clear(self):
        self.library.llama_memory_clear(self.library.llama_get_memory(self.context), True)
        self.used = 0

    def append(self, ids, all_logits=True):
        """Decodes ids after those before: float32 logits [ids, rows], or of the last id alone."""
        address = {offset: struct.unpack_from("<Q", self.batch, offset)[0]
                   for offset in (IDS, POSITIONS, SEQUENCE_COUNTS, SEQUENCE_IDS, WANTED)}
        struct.pack_into("<i", self.batch, TOKENS, len(ids))
        tokens, positions, counts = (ctypes.cast(address[o], ctypes.POINTER(ctypes.c_int32))
                                     for o in (IDS, POSITIONS, SEQUENCE_COUNTS))
        sequences = ctypes.cast(address[SEQUENCE_IDS], ctypes.POINTER(ctypes.POINTER(ctypes.c_int32)))
        wanted = ctypes.cast(address[WANTED], ctypes.POINTER(ctypes.c_int8))
        for i, token in enumerate(ids):
            tokens[i], positions[i], counts[i] = token, self.used + i, 1
            sequences[i][0] = 0
            wanted[i] = 1 if all_logits or i == len(ids) - 1 else 0
        result = self.library.llama_decode(self.context, self.batch)
        if result != 0:
            raise RuntimeError(f"llama_decode gave {result} for {len(ids)} tokens after {self.used}.")
        self.used += len(ids)
        count = len(ids) if all_logits else 1
        return np.ctypeslib.as_array(self.library.llama_get_logits(self.context), (count, self.rows)).copy()

    def logits(self, ids):
        """float32 [ids, rows] of a fresh sequence."""
        self.clear()
        return self.append(ids)

    def greedy(self, ids, count):
        """(tokens, gaps): the argmax continuation and how far the second logit was from the first at each."""
        self.clear()
        row, tokens, gaps = self.append(ids, all_logits=False)[0], [], []
        for _ in range(count):
            best = np.argpartition(row, -2)[-2:]
            best = best[np.argsort(-row[best], kind="stable")]
            tokens.append(int(row.argmax()))
            gaps.append(float(row[best[0]] - row[best[1]]))
            row = self.append([tokens[-1]], all_logits=False)[0]
        return tokens, gaps


def perplexity_of(model, ids, window):
    """(perplexity, windows) of the whole windows of ids."""
    loss = count = windows = 0
    for start in range(0, len(ids) - window + 1, window):
        part = ids[start:start + window]
        more = loss_of_window(model.logits(part), part)
        loss, count, windows = loss + more[0], count + more[1], windows + 1
    return float(np.exp(loss / count)), windows


def loss_of_window(logits, ids):
    """Sum and count of the negative log-likelihood over a window's second half, as llama.cpp's perplexity has it."""
    first = len(ids) // 2
    rows = logits[first:len(ids) - 1].astype(np.float64)
    rows -= rows.max(1, keepdims=True)
    following = np.asarray(ids[first + 1:])
    return float((np.log(np.exp(rows).sum(1)) - rows[np.arange(len(rows)), following]).sum()), len(rows)
