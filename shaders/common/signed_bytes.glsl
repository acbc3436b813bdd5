// SPDX-License-Identifier: Apache-2.0
// Four signed bytes of a word as floats.
vec4 signedBytesOf(uint word) {
    ivec4 shifted = ivec4(word << 24, word << 16, word << 8, word);
    return vec4(shifted >> 24);
}
