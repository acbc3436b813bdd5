// SPDX-License-Identifier: Apache-2.0
// How kernels read weights and activations, 16 bytes at a time.
//
// Without TEXELS: storage buffers, rows one after the other.
//
// With TEXELS, for drivers that compute on the CPU: uniform texel buffers, and the words of SUBGROUP rows alternate, so that
// the invocations of a subgroup, which take a row each, read words that lie side by side. Such a driver loads from a storage
// buffer invocation by invocation in a loop with branches, but from a texel buffer by one straight gather: half the time on
// Mesa's lavapipe 22.3.6, and half of that again where the words come from memory. What all invocations need, each of them
// loads a part of, and subgroupShuffle() with a constant index hands it round: one or two instructions.
// An array with an index that is not constant once all loops are unrolled is read and written invocation by invocation too, and
// lavapipe unrolls no loop with another one in it that stays, nor one of more than some 800 instructions.
// See tests/bench/NOTES.md.
#ifndef MOESCOPE_WORDS
#define MOESCOPE_WORDS
#ifdef TEXELS
#extension GL_EXT_samplerless_texture_functions : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
layout(constant_id = 6) const uint SUBGROUP = 8u;
#define WORDS_BUFFER(slot, NAME) layout(binding = slot) uniform utextureBuffer NAME;
#define VECTORS_BUFFER(slot, NAME) layout(binding = slot) uniform utextureBuffer NAME;
#define WORD(BUFFER, row, i) texelFetch(BUFFER, int((row) + SUBGROUP * (i)))
#define VECTOR(BUFFER, i) uintBitsToFloat(texelFetch(BUFFER, int(i)))
uint rowStart(uint row, uint row_words) { return row / SUBGROUP * SUBGROUP * row_words + row % SUBGROUP; }
#else
#define WORDS_BUFFER(slot, NAME) layout(std430, binding = slot) readonly buffer NAME##_words { uvec4 NAME[]; };
#define VECTORS_BUFFER(slot, NAME) layout(std430, binding = slot) readonly buffer NAME##_vectors { vec4 NAME[]; };
#define WORD(BUFFER, row, i) BUFFER[(row) + (i)]
#define VECTOR(BUFFER, i) BUFFER[i]
uint rowStart(uint row, uint row_words) { return row * row_words; }
#endif
#endif
