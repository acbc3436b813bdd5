// SPDX-License-Identifier: Apache-2.0
// What makes of gate and up the input of down. Constants of SwiGLU as gpt-oss has it: github.com/openai/gpt-oss,
// gpt_oss/torch/model.py, swiglu().
layout(constant_id = 5) const uint ACTIVATION = 0u;  // moescope::model::Activation
const uint GELU_TANH = 1u, SWIGLU_OAI = 2u;

// 1 + e^−x, a number whatever x is: not every device has an infinity.
float sigmoidDivisor(float x) { return 1.0 + exp(min(-x, 80.0)); }

float activated(float gate, float up) {
    if (ACTIVATION == GELU_TANH) {
        float inner = 0.7978845608028654 * (gate + 0.044715 * gate * gate * gate);  // √(2/π)
        return 0.5 * gate * (1.0 + tanh(clamp(inner, -15.0, 15.0))) * up;  // beyond, some drivers' tanh is NaN
    }
    if (ACTIVATION == SWIGLU_OAI) {
        gate = min(gate, 7.0);
        return gate / sigmoidDivisor(1.702 * gate) * (clamp(up, -7.0, 7.0) + 1.0);
    }
    return gate / sigmoidDivisor(gate) * up;
}
