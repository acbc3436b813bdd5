// SPDX-License-Identifier: Apache-2.0
// A buffer of the router, one text for GLSL and C++.
#ifndef MOESCOPE_ROUTER_RULE_H
#define MOESCOPE_ROUTER_RULE_H

#ifdef __cplusplus
#include <cstdint>
namespace moescope::shaders {
using uint = uint32_t;
#endif

// What an intervention does to one expert's logit; see moe_router.comp.
#define ROUTER_RULE_NONE 0u
#define ROUTER_RULE_BANNED 1u
#define ROUTER_RULE_FORCED 2u
struct RouterRule {
    uint kind;
    float bias; // added after the rule
};

#ifdef __cplusplus
}
#endif
#endif
