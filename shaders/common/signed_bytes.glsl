// SPDX-License-Identifier: Apache-2.0
// Four signed bytes of a word as floats.
vec4 signedBytesOf(uint word) {
    ivec4 shifted = ivec4(word << 24, word << 16, word << 8, word);
    return vec4(shifted >> 24);
}
// And a word of the lowest bytes of four.
uint wordOf(uvec4 bytes) {
    uvec4 placed = (bytes & 0xFFu) << uvec4(0u, 8u, 16u, 24u);
    return placed.x | placed.y | placed.z | placed.w;
}
