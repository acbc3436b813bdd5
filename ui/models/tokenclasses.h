// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/liftmatrix.h"
#include "ui/models/tokenfeed.h"
#include "ui/models/tokentext.h"

#include <unordered_map>

namespace moescope::ui {

/** Classes of tokens in the order they are shown. */
const QList<TokenClass>& tokenClasses();
/** Place of a class in tokenClasses(). */
int tokenClassRow(TokenClass kind);

/** Which classes of tokens were routed to which experts of a layer, against independence: as if the layer's choices were
 *  dealt out to the tokens anew. Rows are tokenClasses(), columns experts. */
class ClassesByExpert {
public:
    /** Counts the tokens that are not counted yet; all of them where scope or layer is another. True if anything
     *  changed. */
    bool update(const TraceModel& trace, Scope scope, int layer);
    const LiftMatrix& matrix() const { return m_matrix; }
    int layer() const { return m_layer; }
    /** Tokens counted in all, however often anew. */
    int counted() const { return m_counted; }

private:
    TokenFeed m_feed;
    int m_layer = -1;
    int m_counted = 0;
    std::unordered_map<std::string, int> m_rows; ///< of texts seen: a class is read off the characters once
    LiftMatrix m_matrix;
};

} // namespace moescope::ui
