// SPDX-License-Identifier: Apache-2.0
// Types of weights, one text for GLSL and C++: a kernel is compiled once for each, with WEIGHT_TYPE set to one of them.
#ifndef MOESCOPE_WEIGHT_TYPES_H
#define MOESCOPE_WEIGHT_TYPES_H

#define WEIGHT_F32 0
#define WEIGHT_F16 1
#define WEIGHT_BF16 2
#define WEIGHT_Q8_0 3
#define WEIGHT_Q4_K 4
#define WEIGHT_Q5_K 5
#define WEIGHT_Q6_K 6
#define WEIGHT_Q4_0 7
#define WEIGHT_Q4_1 8
#define WEIGHT_Q5_0 9
#define WEIGHT_Q5_1 10
#define WEIGHT_Q2_K 11
#define WEIGHT_Q3_K 12
#define WEIGHT_IQ4_NL 13
#define WEIGHT_IQ4_XS 14
#define WEIGHT_MXFP4 15
#define WEIGHT_TYPE_COUNT 16

#endif
