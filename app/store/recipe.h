// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/error.h"
#include "engine/trace/intervention.h"

#include <QString>

#include <optional>

namespace moescope::store {

/** The what-if that an answer was made with, as the database gives it. */
struct StoredRecipe {
    trace::Intervention intervention;  ///< empty: none, or one that cannot be read
    std::optional<trace::Error> error; ///< store.recipe_damaged: why it cannot be read
};

/** As one line of JSON, without what is not changed; places are [layer, expert], the last number of a bias is added to
 *  the logit:
 *    {"banned":[[5,6]],"biases":[[2,0,-1.5]],"experts_used":2,"forced":[[3,1]],"without_shared":true} */
QString recipeText(const trace::Intervention& intervention);

/** Throws store.recipe_damaged for what recipeText() does not write: a key it does not know, a number out of range. What
 *  it gives need not fit any model: trace::checkIntervention() tells. */
trace::Intervention recipeFrom(const QString& text);

/** recipeFrom() that does not throw: a damaged recipe must not keep its answer from being read. */
StoredRecipe readRecipe(const QString& text);

} // namespace moescope::store
