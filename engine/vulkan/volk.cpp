// SPDX-License-Identifier: Apache-2.0
#define VK_NO_PROTOTYPES
#define VOLK_IMPLEMENTATION
#include <volk.h>
