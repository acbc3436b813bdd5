// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QColor>

#include <array>
#include <cstdint>

namespace moescope::ui {

/** 256 colours through nine evenly spaced stops (0xRRGGBB), interpolated in OKLab between neighbours. */
std::array<QRgb, 256> colorTable(const std::array<uint32_t, 9>& stops);

/** WCAG contrast of two opaque colours, 1…21. */
double contrast(const QColor& a, const QColor& b);

} // namespace moescope::ui
