// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Vulkan functions for the sources of this folder; no header that others include may include this one.
#ifndef VK_NO_PROTOTYPES
#define VK_NO_PROTOTYPES
#endif
#include <volk.h>
