// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QMetaType>
#include <QString>

namespace moescope::ui {

/** What can be done where a chat has outgrown its context. */
enum class ContextChoice {
    Newest, ///< the model no longer sees the oldest turns
    Longer, ///< the model is loaded with a longer context
    NewChat ///< a new chat begins with this message
};

/** The choice that is offered: sentences, and why one of the three is none. */
struct ContextOffer {
    QString sentence;        ///< what does not fit, with its figures; empty: nothing is offered
    QString brief;           ///< the same where there is little room
    QString newest;          ///< what the choice would do
    QString newest_refusal;  ///< why it would not help; empty: it would
    QString longer;          ///< as above
    QString longer_refusal;  ///< as above
    QString newchat;         ///< as above
    QString newchat_refusal; ///< as above

    bool isEmpty() const { return sentence.isEmpty(); }
    bool operator==(const ContextOffer&) const = default;
};

} // namespace moescope::ui

Q_DECLARE_METATYPE(moescope::ui::ContextChoice)
