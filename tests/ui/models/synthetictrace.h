// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/tracemodel.h"

#include <QStringList>

namespace moescope::test {

/** Deterministic traces: the same arguments give the same numbers. */
ui::TraceShape syntheticShape(int layers, int experts, int used, int shared,
                              const QString& model = QStringLiteral("Nano"));
/** An answer of `count` tokens; its words tell a story over and over. */
QList<trace::TokenTracePtr> syntheticAnswer(const ui::TraceShape& shape, int count, bool probabilities,
                                            quint32 seed = 1);
/** One token with the given experts ([layers][used]) and weights, no probabilities. */
trace::TokenTracePtr plainToken(const ui::TraceShape& shape, const std::string& text,
                                const std::vector<uint16_t>& experts, const std::vector<float>& weights);
trace::ModelInfo syntheticModel(int layers, int experts, int claShare);

} // namespace moescope::test
