// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/exchange/capture.h"

namespace moescope::exchange {

/** ".moescope" */
extern const QString captureEnding;
bool isCaptureName(const QString& path);

/** Writes a capture as one file, whole or not at all: a zip archive of capture.json, the arrays of capturetokens.h and, where steps
 *  were timed, timelines.json.
 *  Throws Error{exchange.shapes}, exchange.empty without an answer, store.recipe_damaged where the answer's what-if could
 *  not be read, Error{file.…} where it cannot be written. */
void writeCapture(const QString& path, const Capture& capture);

/** Reads what writeCapture() wrote. Whatever the file holds, it takes bounded time and memory and ends in a capture that
 *  can be shown or in Error{exchange.…} with a sentence. */
Capture readCapture(const QString& path);

/** The experts of the answer's tokens as an int32 .npy file [tokens, layers, top-k], −1 where none were recorded. Throws
 *  Error{exchange.no_routing} where none were recorded at all, exchange.shapes, Error{file.…}. */
void writeRouting(const QString& path, const store::TokenTraces& tokens);

} // namespace moescope::exchange
