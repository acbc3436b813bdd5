// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/tracemodel.h"
#include "ui/widgets/compactbox.h"

namespace moescope::ui {

/** Which tokens a panel counts. */
class ScopeBox : public CompactBox {
    Q_OBJECT
public:
    /** Chosen first is Scope::Answer, which must be among them. */
    ScopeBox(const QList<Scope>& scopes, QWidget* parent);

    Scope scope() const { return static_cast<Scope>(currentData().toInt()); }
    /** Ignores one that is not among them. */
    void setScope(Scope scope);
    /** Font and height as the theme has them. */
    void applyTheme();

signals:
    /** By the user or by setScope(). */
    void scopeChanged(moescope::ui::Scope scope);
};

/** Title and sentence of what is missing before a panel can count a scope, empty: nothing is. `beforeAnswer`: the sentence
 *  while there is no answer yet. */
QPair<QString, QString> missingToCount(const TraceModel& trace, Scope scope, const QString& beforeAnswer);

} // namespace moescope::ui
